package cli

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
	"golang.org/x/sync/errgroup"

	"example.org/demote/cli/tty"
	"example.org/demote/cluster"
	"example.org/demote/crash"
	"example.org/demote/run"
)

func workerCommand() *cli.Command {
	return &cli.Command{
		Name:  "worker",
		Usage: "run trials for a search on another machine",
		Description: "For example:\n" +
			"  demote worker --cluster tls://10.0.0.5:4222 --join gpu1.join\n\n" +
			"It waits for a search with --workers-at, is part of it until it ends, and waits for the next one. It runs ONNX networks that the search sends, and no other code. " +
			"An interrupt or SIGTERM ends it behind the batch at hand; the other workers take over its samples.\n\n" +
			"Exit codes: 0 it was told to end, or the search of --once has ended; 2 it was not let in, or a mistake in the command.",
		Flags: []cli.Flag{
			clusterFlag(),
			&cli.StringFlag{Name: "join", Category: catCluster, Usage: "`FILE`: what this worker takes part with, as `demote cluster join NAME` has written it"},
			credsFlag(),
			&cli.StringFlag{Name: "name", Category: catCluster, Usage: "`NAME`: of this worker, with --creds"},
			&cli.StringFlag{Name: "device", Category: catDevice, Value: "auto", Usage: "`NAME`: device that computes: auto, cpu, a GPU such as cuda:0, several with commas between, or cuda:all"},
			&cli.StringFlag{Name: "memory", Category: catDevice, Usage: "`BYTES`: memory for networks, samples and cached activations on each device, such as 20GiB, or a share of what is free, such as 80% (default: what is free)"},
			&cli.IntFlag{Name: "workers", Category: catDevice, Usage: "`N`: batches that run at once on the CPU at most (default: what --workers of the search says, or one per core)"},
			&cli.StringFlag{Name: "worker-cache", Category: catCluster, Usage: "`DIR`: folder that keeps the samples and networks that were sent, for the next search; it is for this user alone (default: a temporary one)"},
			&cli.StringFlag{Name: "worker-cache-size", Category: catCluster, Value: "64GiB", Usage: "`BYTES`: the most that it keeps there, or in the temporary one: what was used longest ago goes first"},
			&cli.DurationFlag{Name: "keep", Category: catCluster, Value: 10 * time.Minute, Usage: "`TIME`: how long what was sent is kept without --worker-cache, once a search has ended"},
			&cli.StringFlag{Name: "data-root", Category: catCluster, Usage: "`DIR`: let a search with --data-at have samples read from files in this folder, or below it, and from no others (default: none)"},
			&cli.BoolFlag{Name: "once", Category: catCluster, Usage: "end with the first search"},
		},
		Action: workerAction,
	}
}

func workerAction(c *cli.Context) error {
	if c.Args().Present() {
		return unexpectedArgument(c)
	}
	dial, name, err := workerDial(c)
	if err != nil {
		return err
	}
	if c.Duration("keep") < 0 {
		return usage("--keep %v: give a time such as 10m, or 0s", c.Duration("keep"))
	}
	if n := c.Int("workers"); n < 0 {
		return usage("--workers %d: give a number that is not negative", n)
	}
	data, err := run.WorkerData(c.String("data-root"))
	if err != nil {
		return usage("--data-root %s: %v", c.String("data-root"), err)
	}
	cache, err := byteSize(c.String("worker-cache-size"))
	if err == nil && cache <= 0 {
		err = errors.New("give a size such as 64GiB")
	}
	if err != nil {
		return usage("--worker-cache-size %s: %v", c.String("worker-cache-size"), err)
	}
	if _, _, err := takeRuntime(c); err != nil {
		return err
	}
	devices, err := run.WorkerDevices(c.String("device"))
	if err != nil {
		return err
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown host"
	}
	var all errgroup.Group
	for _, device := range devices {
		memory, err := shareOf(c.String("memory"), device.Free)
		if err != nil {
			return usage("--memory %s: %v", c.String("memory"), err)
		}
		o := cluster.WorkerOptions{
			Name: name, Host: host, Device: device.Name, Version: c.App.Version, Runtime: run.RuntimeVersion(),
			Cache: c.String("worker-cache"), CacheBytes: cache, Keep: c.Duration("keep"), Once: c.Bool("once"), Dial: dial, Begin: run.WorkerServer(device.Name, memory, c.Int("workers"), data),
			Say: func(line string) { fmt.Fprintf(c.App.Writer, "%s: %s\n", device.Name, tty.Message(line)) },
		}
		all.Go(func() (err error) {
			defer crash.Catch(&err)
			return cluster.Work(c.Context, o)
		})
	}
	return all.Wait()
}

// workerDial is how a worker connects, and its name.
func workerDial(c *cli.Context) (dial cluster.Dialer, name string, err error) {
	join, creds, url := c.String("join"), c.String("creds"), c.String("cluster")
	if url == "" {
		return nil, "", usage("--cluster is missing: demote worker --cluster tls://HOST:PORT --join FILE")
	}
	at, err := cluster.Address(url)
	if err != nil {
		return nil, "", err
	}
	switch {
	case join == "" && creds == "":
		return nil, "", usage("--join is missing: give the file that `demote cluster join NAME` has written beside the coordinator")
	case join != "" && creds != "":
		return nil, "", usage("--join and --creds both say who this worker is: leave one of them out")
	case join != "" && c.IsSet("name"):
		return nil, "", usage("--name %s: the file of --join has the name: leave it out", c.String("name"))
	case join != "":
		j, err := cluster.ReadJoin(join)
		if err != nil {
			return nil, "", err
		}
		return j.Dialer(at), j.Name, nil
	case !cluster.GoodName(c.String("name")):
		return nil, "", usage("--name %q: with --creds, give the name of letters, digits, - and _ that the credentials are for", c.String("name"))
	}
	return cluster.DialerBy(at, creds, c.String("name")), c.String("name"), nil
}

// shareOf reads a size, or a share of what is free; empty: 0.
func shareOf(text string, free int64) (int64, error) {
	percent, share := strings.CutSuffix(text, "%")
	if text == "" || !share {
		if text == "" {
			return 0, nil
		}
		return byteSize(text)
	}
	v, err := strconv.ParseFloat(strings.TrimSpace(percent), 64)
	if err != nil || !(v > 0 && v <= 100) {
		return 0, fmt.Errorf("give a size such as 20GiB, or a share of what is free such as 80%%")
	}
	return int64(float64(free) * v / 100), nil
}
