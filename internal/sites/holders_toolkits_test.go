//go:build toolkits

package sites_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/network"
	"example.org/demote/internal/prepare"
)

// TestTorchvision finds the holders of the networks that scripts/export_torchvision.py has written into the folder
// DEMOTE_TORCHVISION. Every composition was checked against the description of its architecture.
func TestTorchvision(t *testing.T) {
	folder := os.Getenv("DEMOTE_TORCHVISION")
	if folder == "" {
		t.Fatal("DEMOTE_TORCHVISION does not name the folder of scripts/export_torchvision.py")
	}
	for _, c := range []struct {
		name string
		n    int
		ops  map[string]int // behind which operator; "" is the input
	}{
		// 9 Conv+Relu and 8 Add+Relu, 8 second and 3 downsampling Convs, pooling
		{"resnet18", 30, map[string]int{"": 1, "Relu": 17, "Conv": 11, "GlobalAveragePool": 1}},
		// 35 Conv+Clip, 17 linear bottlenecks, 10 residuals, pooling
		{"mobilenet_v2", 64, map[string]int{"": 1, "Clip": 35, "Conv": 17, "Add": 10, "GlobalAveragePool": 1}},
		// 9 gates (pooling, Relu, HardSigmoid, Mul), 5 more Relu, 19 HardSwish, 11 linear Convs, 6 residuals, pooling
		{"mobilenet_v3_small", 79, map[string]int{
			"": 1, "HardSwish": 19, "Relu": 14, "HardSigmoid": 9, "Mul": 9, "GlobalAveragePool": 10, "Conv": 11, "Add": 6,
		}},
		// 49 SiLU, 16 gates (pooling, Sigmoid, Mul), 16 linear Convs, 9 residuals, pooling
		{"efficientnet_b0", 124, map[string]int{"": 1, "Mul": 49 + 16, "Sigmoid": 16, "GlobalAveragePool": 17, "Conv": 16, "Add": 9}},
		{"efficientnet_v2_s", 267, map[string]int{"": 1, "Mul": 102 + 30, "Sigmoid": 30, "GlobalAveragePool": 31, "Conv": 38, "Add": 35}},
		// 12 blocks of 11 (qkv Add, scaled q and k, scores, Softmax, attention output, o Gemm, residual, Gelu,
		// linear, residual) and 25 LayerNorms, patch Conv, class Concat, positional Add
		{"vit_b_16", 161, map[string]int{
			"": 1, "Conv": 1, "Concat": 1, "LayerNormalization": 25, "MatMul": 24, "Softmax": 12, "Gemm": 12,
			"Mul": 24 + 12, "Add": 1 + 12*4,
		}},
		// BatchNormalization stands before Relu and Conv here: 62 are left, 59 are folded into the Conv before
		{"densenet121", 311, map[string]int{
			"": 1, "BatchNormalization": 62, "Relu": 121, "Conv": 61, "Concat": 62, "AveragePool": 3, "GlobalAveragePool": 1,
		}},
		{"shufflenet_v2_x1_0", 74, map[string]int{"": 1, "Relu": 37, "Conv": 19, "Concat": 16, "ReduceMean": 1}},
		// 22 Convs, 23 LayerNorms, 18 blocks of 4 (Gelu, linear, layer scale, residual), pooling
		{"convnext_tiny", 119, map[string]int{
			"": 1, "Conv": 22, "LayerNormalization": 23, "Mul": 18 + 18, "Add": 18 + 18, "GlobalAveragePool": 1,
		}},
		{"googlenet", 68, map[string]int{"": 1, "Relu": 57, "Concat": 9, "GlobalAveragePool": 1}},
		// the pooling is flattened into the output
		{"squeezenet1_1", 35, map[string]int{"": 1, "Relu": 26, "Concat": 8}},
		// 16 blocks: pooling, Relu and Sigmoid gate, Mul; Add+Relu; 20 linear Convs
		{"regnet_y_400mf", 135, map[string]int{"": 1, "Relu": 65, "Sigmoid": 16, "Mul": 16, "GlobalAveragePool": 17, "Conv": 20}},
		{"mnasnet1_0", 64, map[string]int{"": 1, "Relu": 35, "Conv": 17, "Add": 10, "ReduceMean": 1}},
		// 12 blocks of 11 (qkv, scaled q, scores, position bias, Softmax, attention output, projection, residual,
		// Gelu, linear, residual), 5 shifted ones with 4 Concats of the roll and a mask of 0 and -100, which is no
		// mask by the rule of -1e4; 29 LayerNorms, 3 mergings (Concat, MatMul), patch Conv, pooling
		{"swin_t", 195, map[string]int{
			"": 1, "Conv": 1, "LayerNormalization": 29, "MatMul": 24 + 3, "Softmax": 12, "Mul": 12 + 12,
			"Add": 12*6 + 5, "Concat": 20 + 3, "GlobalAveragePool": 1,
		}},
		// the same with LayerNorms of single operators, which end in an Add
		{"vit_b_16@14", 161, map[string]int{
			"": 1, "Conv": 1, "Concat": 1, "MatMul": 24, "Softmax": 12, "Gemm": 12, "Mul": 24 + 12, "Add": 1 + 12*4 + 25,
		}},
		{"swin_t@14", 195, map[string]int{
			"": 1, "Conv": 1, "MatMul": 24 + 3, "Softmax": 12, "Mul": 12 + 12, "Add": 12*6 + 5 + 29, "Concat": 20 + 3,
			"GlobalAveragePool": 1,
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, err := ir.Read(filepath.Join(folder, c.name+".onnx"))
			if err != nil {
				t.Fatal(err)
			}
			n, err := prepare.Network(m, network.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if len(n.Holders) != c.n {
				t.Errorf("%d holders, want %d", len(n.Holders), c.n)
			}
			got := make(map[string]int)
			for _, h := range n.Holders {
				got[h.Op]++
				if len(h.Consumers) == 0 {
					t.Errorf("nothing reads holder %s", h.Name)
				}
			}
			for op, want := range c.ops {
				if got[op] != want {
					t.Errorf("%d holders behind %q, want %d", got[op], op, want)
				}
				delete(got, op)
			}
			if len(got) > 0 {
				t.Errorf("holders behind other operators: %v", got)
			}
			for _, o := range n.Omitted {
				if strings.Contains(o.Reason, "mask") || strings.Contains(o.Reason, "body") {
					t.Errorf("%s: %s", o.Tensor, o.Reason)
				}
			}
		})
	}
}
