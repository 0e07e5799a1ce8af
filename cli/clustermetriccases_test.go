package cli

import (
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"example.org/demote/internal/tasktest"
	"example.org/demote/run"
)

// by is a search by a metric that reads labels, those of change.
func by(metric, target string, change func(*testing.T, inputs), more ...string) use {
	return use{name: metric, make: func(t *testing.T, in inputs) []string {
		if change != nil {
			change(t, in)
		}
		in.flags["--target"] = target
		return append([]string{"--metric", metric, "--bits", "4,16"}, more...)
	}}
}

// metricUses are searches by all metrics.
func metricUses() []use {
	ignore := []string{"--ignore-label", "255"}
	list := []use{
		by("top1", "16bit-0.1", learned), by("top5", "16bit-0.02", eightClasses), by("agreement", "16bit-0.1", nil), by("sqnr", "50%", nil),
		by("cosine", "16bit-0.001", nil), by("mse", "16bit+0.05", nil), by("f1", "16bit-0.1", learned), by("macro-f1", "16bit-0.1", learned, "--class-weights", "balanced"),
		by("micro-f1", "16bit-0.1", learned), by("weighted-f1", "16bit-0.1", learned), by("mcc", "16bit-0.1", learned), by("auroc", "16bit-0.01", learned),
		by("average-precision", "16bit-0.01", learned), by("recall-at-1", "16bit-0.1", learned), by("recall-at-5", "16bit-0.1", learned), by("recall-at-10", "16bit-0.1", learned),
		by("pixel-accuracy", "16bit-0.004", segmentation, ignore...), by("miou", "16bit-0.004", segmentation, ignore...),
		by("dice", "16bit-0.004", segmentation, append(ignore, "--class-weights", "balanced")...), by("token-accuracy", "16bit-0.01", tokens, ignore...),
		by("perplexity", "16bit+0.01", tokens, ignore...), by("cer", "16bit+0.05", tokens, ignore...), by("wer", "16bit+0.05", tokens, append(ignore, "--space", "2")...),
		by("label-mse", "16bit+0.001", regression), by("label-mae", "float+0.01", regression), by("rmse", "16bit+0.001", regression), by("r2", "16bit-0.01", regression),
		by("pearson", "16bit-0.001", regression), by("spearman", "16bit-0.001", regression), by("psnr", "16bit-0.1", pictures), by("ssim", "16bit-0.01", pictures),
	}
	for _, metric := range []string{"map", "map50", "map75", "map-small"} {
		list = append(list, use{name: metric, make: func(t *testing.T, in inputs) []string {
			return like(in, tasktest.Detector(t), "--metric", metric, "--decode", "yolov8", "--target", "0.2")
		}})
	}
	return append(list, use{name: "heads", make: func(t *testing.T, in inputs) []string {
		return like(in, tasktest.DetectorHeads(t), "--metric", "map50", "--decode", "yolov8-heads", "--output", "boxes", "--output", "scores", "--target", "16bit-0.05")
	}},
		use{name: "metric command", make: func(*testing.T, inputs) []string { return []string{"--metric-cmd", metricLine("top1")} }},
		use{name: "metric command, lower", make: func(_ *testing.T, in inputs) []string {
			in.flags["--target"] = "16bit+2"
			return []string{"--metric-cmd", metricLine("misses"), "--metric-lower", "--metric-name", "missed"}
		}},
		use{name: "server of hits", make: served("def hits(outputs, labels, indices):\n    return outputs.argmax(1) == labels\ndemote_metric.serve(hits=hits)\n", "16bit-0.1")},
		use{name: "server of samples", make: served("def each(outputs, labels, indices):\n    return numpy.clip(1 - abs(outputs.max(1) - 2) / 9, 0, 1)\ndemote_metric.serve(per_sample=each, bounds=(0, 1))\n", "16bit-0.001")},
		use{name: "server of all", make: served("def all(outputs, labels, indices):\n    return float((outputs.argmax(1) == labels).mean())\ndemote_metric.serve(all)\n", "16bit-0.1")})
}

// like has a search take the files of a configuration, and whatever else is given.
func like(in inputs, c run.Config, more ...string) []string {
	in.flags["--model"], in.flags["--calib"], in.flags["--data"] = c.Model, c.Calib, c.Data
	if c.Labels != "" {
		more = append(more, "--labels", c.Labels)
	}
	return more
}

// served has a Python server judge.
func served(script, target string) maker {
	return func(t *testing.T, in inputs) []string {
		learned(t, in)
		in.flags["--target"] = target
		return []string{"--metric-serve", tasktest.PythonServer(t, script)}
	}
}

// learned gives good's samples the classes of the float network, but for every sixth.
func learned(t *testing.T, in inputs) {
	in.write(t, "eval.npz", classes(t, in, 60, func(x []float64) {}))
}

// classes are n samples, changed, with the classes of the float network, but for every sixth.
func classes(t *testing.T, in inputs, n int, change func(x []float64)) []byte {
	x, y := images(n)
	change(x)
	in.write(t, "plain.npz", npz(map[string][]byte{"x": npy("<f4", x, n, 1, 4, 4)}))
	must(t, "eval", in.path("net.onnx"), "--data", in.path("plain.npz"), "--metric-cmd", "cat > "+in.path("rows.npy")+"; echo 1")
	f, err := os.Open(in.path("rows.npy"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, shape := readNPY(f, float, 4)
	for i := range n {
		row := rows[i*shape[1] : (i+1)*shape[1]]
		y[i] = float64(slices.Index(row, slices.Max(row)))
		if i%6 == 5 {
			y[i] = float64((int(y[i]) + 1) % shape[1])
		}
	}
	return npz(map[string][]byte{"x": npy("<f4", x, n, 1, 4, 4), "y": npy("<i8", y, n)})
}

// pictures is a network that smooths pictures of 12x12, and their labels.
func pictures(t *testing.T, in inputs) {
	g := newGraph()
	g.Graph.Input[0] = value("x", 1, -1, 1, 12, 12)
	g.weights("w1", []int64{6, 1, 1, 1}).node("Conv", "c1", "x", "w1").node("Tanh", "a1", "c1").node("Sigmoid", "s1", "c1").
		node("Mul", "m1", "a1", "s1").weights("w2", []int64{1, 6, 1, 1}).node("Conv", "y", "m1", "w2")
	g.Graph.Output = append(g.Graph.Output, value("y", 1, -1, 1, 12, 12))
	in.write(t, "net.onnx", g.bytes())
	rng := rand.New(rand.NewPCG(3, 3))
	draw := func(n int) (x, y []float64) {
		for range n * 144 {
			v := rng.NormFloat64()
			x, y = append(x, v), append(y, v/2)
		}
		return x, y
	}
	x, _ := draw(16)
	in.write(t, "calib.npz", npz(map[string][]byte{"x": npy("<f4", x, 16, 1, 12, 12)}))
	x, y := draw(30)
	in.write(t, "eval.npz", npz(map[string][]byte{"x": npy("<f4", x, 30, 1, 12, 12), "y": npy("<f4", y, 30, 1, 12, 12)}))
}
