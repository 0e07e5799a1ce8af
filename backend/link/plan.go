package link

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"example.org/demote/backend/device"
	"example.org/demote/backend/metric"
	"example.org/demote/quant"
)

// RequestBytes is the most that a request has.
const RequestBytes = 16 << 20

// A Request is what a worker is called with, and a Reply its answer. Both are JSON.
type Request struct {
	Version int             // of the protocol
	Call    string          // what is asked, see package machine
	Args    json.RawMessage `json:",omitempty"`
}

// A Reply has a result or says what is wrong.
type Reply struct {
	Error  string          `json:",omitempty"`
	Lost   bool            `json:",omitempty"` // the worker is of no use any more
	Full   bool            `json:",omitempty"` // the memory of its device is full
	Result json.RawMessage `json:",omitempty"`
}

// A Hello is what a worker says of itself.
type Hello struct {
	Version int           // of the protocol
	Runtime string        // version of ONNX Runtime
	Device  device.Info   // as --device names it
	Fill    int           // of the device, see device.Info
	Can     device.Traits // of the device
	Room    int64         // bytes that a search may take of its memory
}

// A Digest is a sha256, in hexadecimal where it is text.
type Digest [32]byte

// String is the digest in hexadecimal.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// MarshalText implements encoding.TextMarshaler.
func (d Digest) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Digest) UnmarshalText(text []byte) error {
	if len(text) != 2*len(d) {
		return fmt.Errorf("a sha256 of %d characters", len(text))
	}
	_, err := hex.Decode(d[:], text)
	return err
}

// A File is bytes that were put, in pieces of FileBytes and a last one.
type File struct {
	Size   int64
	Pieces []Digest
}

// Put puts bytes as a file.
func Put(ctx context.Context, l Link, data []byte) (f File, err error) {
	f.Size = int64(len(data))
	for len(data) > 0 {
		piece := data[:min(len(data), FileBytes)]
		digest, err := l.Put(ctx, piece)
		if err != nil {
			return f, err
		}
		f.Pieces, data = append(f.Pieces, digest), data[len(piece):]
	}
	return f, nil
}

// Get returns the bytes of a file of at most so many. A piece that has not its digest is asked for once more.
func Get(ctx context.Context, h Host, f File, most int64) ([]byte, error) {
	if f.Size < 0 || f.Size > most || int64(len(f.Pieces)) != (f.Size+FileBytes-1)/FileBytes {
		return nil, fmt.Errorf("a file of %d bytes in %d pieces: at most %d are taken here", f.Size, len(f.Pieces), most)
	}
	var all []byte
	for i, digest := range f.Pieces {
		piece, err := getPiece(ctx, h, digest, min(FileBytes, f.Size-int64(i)*FileBytes))
		if err != nil {
			return nil, err
		}
		if len(f.Pieces) == 1 {
			return piece, nil
		}
		all = append(all, piece...)
	}
	return all, nil
}

// ErrFull says that the memory of a worker's device is full.
var ErrFull = errors.New("the memory of its device is full")

// Said is an error of a worker in its words; full: it is ErrFull.
func Said(words string, full bool) error {
	if full {
		return fmt.Errorf("%w: %s", ErrFull, words)
	}
	return errors.New(words)
}

// ErrFile says that a file cannot be had, or is another one: a worker is of no use without.
var ErrFile = errors.New("a file cannot be had")

func getPiece(ctx context.Context, h Host, digest Digest, size int64) (piece []byte, err error) {
	for range 2 {
		if piece, err = h.Get(ctx, digest); err != nil {
			return nil, fmt.Errorf("%w: %x: %w", ErrFile, digest[:4], err)
		}
		if int64(len(piece)) == size && sha256.Sum256(piece) == digest {
			return piece, nil
		}
	}
	return nil, fmt.Errorf("%w: %x is damaged: another one came twice", ErrFile, digest[:4])
}

// A Network is what a worker makes a network of: an ONNX file without external data, with the shapes of a block.
type Network struct {
	Model   []byte         `json:"-"` // the file, on the side of the search
	File    File           // the same, put
	Holders int            // of a mask
	Outputs []string       // that are read
	Axes    map[string]int `json:",omitempty"` // of the samples, by tensor; nil: the first of each
	Alone   bool           `json:",omitempty"` // a block is one sample
	Fuses   bool           `json:",omitempty"` // segments are fused
	// float inputs that are made of bytes, and the input of these
	Fed map[string]string `json:",omitempty"`
	// a file with free axes that is run as it is written, and what its inputs and outputs are in a block; nil: the axes
	// are fixed
	Written *Written `json:",omitempty"`

	// constants whose value is that of Low where a holder is low; in the file they have the other one
	Followed []Followed `json:",omitempty"`
	Low      []byte     `json:"-"` // an ONNX file that has nothing but their low values, on the side of the search
	LowFile  File       // the same, put

	States []State        `json:",omitempty"` // what a step of a sample hands to the next one
	Steps  map[string]int `json:",omitempty"` // of a sample, by input
}

// A Followed is a constant that follows the bit of a holder.
type Followed struct {
	Name   string
	Holder int
}

// A State is an output that is an input of the next step.
type State struct{ Output, Input string }

// Put puts the files of a network.
func (n Network) Put(ctx context.Context, l Link) (_ Network, err error) {
	if n.File, err = Put(ctx, l, n.Model); err == nil && n.Low != nil {
		n.LowFile, err = Put(ctx, l, n.Low)
	}
	return n, err
}

// Get fetches the files of a network, of at most so many bytes each.
func (n *Network) Get(ctx context.Context, h Host, most int64) (err error) {
	if n.Model, err = Get(ctx, h, n.File, most); err == nil && len(n.Followed) > 0 {
		n.Low, err = Get(ctx, h, n.LowFile, most)
	}
	return err
}

// A Written says what the inputs and outputs of a file with free axes are in a block.
type Written struct{ Inputs, Outputs []device.Tensor }

// A Plan is all that a worker needs of a search but the samples.
type Plan struct {
	Shapes  []Shape        // that the samples have
	Records []quant.Record // by holder
	Samples int            // of all members and shapes
	Axis    int            // of the output, as of the options of an evaluator
	Output  string
	Beside  []string     `json:",omitempty"`
	Metric  *metric.Spec `json:",omitempty"` // nil: the search judges the outputs itself
	Workers int          `json:",omitempty"` // blocks that run at once on a worker; 0: as many as are fastest there
	Threads int          // of the runtime for each of these
	Spin    bool         `json:",omitempty"`
	Level   int          // of optimization
	Cuts    []int        `json:",omitempty"`
	Patient bool         `json:",omitempty"`
	// it runs on the worker's CPU, whatever its device, and blocks are read when they are run
	CPU    bool              `json:",omitempty"`
	Config map[string]string `json:",omitempty"` // session configuration entries of the runtime
	Naive  bool              `json:",omitempty"`
	// bytes that the activations of a block take; 0: not known
	Activations int64 `json:",omitempty"`
}

// A Shape is what a plan has of the samples of one shape.
type Shape struct {
	Network Network
	Block   int    // samples a block
	Of      File   // the number that each of them has among all, see Numbers; empty: all samples have the shape
	Truth   *Truth `json:",omitempty"` // what the metric compares with, where it goes by that of all samples
	TruthOf *Sizes `json:",omitempty"` // how long that is, where each block has its own
}

// Numbers are numbers of samples as they travel: four bytes each, little-endian.
func Numbers(list []int) (data []byte) {
	for _, n := range list {
		data = binary.LittleEndian.AppendUint32(data, uint32(n))
	}
	return data
}

// ReadNumbers reads what Numbers has made.
func ReadNumbers(data []byte) (list []int) {
	for ; len(data) >= 4; data = data[4:] {
		list = append(list, int(binary.LittleEndian.Uint32(data)))
	}
	return list
}

// A Truth is a metric.Truth whose lists are files, little-endian.
type Truth struct {
	Labels, Pixels, Values, Reference File
	LabelDims                         []int64 `json:",omitempty"`
}

// A Block is the samples of a block of the layout, as bytes: of each sample, in the order of the slots, each input.
type Block struct {
	Number  int
	Samples []int
	File    File
	// what their outputs are compared with: here, or in a file where it is long; see Shape.TruthOf
	Truth     []byte `json:",omitempty"`
	TruthFile *File  `json:",omitempty"`
	There     bool   `json:",omitempty"` // the worker reads it from a DataFile: it was not put
}

// What a worker is called for, beside "hello" and "plan"; MaskArgs and the like are what they are given.
type (
	// HoldArgs are those of "hold".
	HoldArgs struct {
		Blocks []Block // all that is to lie on the worker
		Own    []int   // those that it runs leases on, rising
	}
	// MaskArgs are those of calls about a mask, in its text form.
	MaskArgs struct{ Mask string }
	// NumberArgs are those of calls about a sample or a block.
	NumberArgs struct{ Number int }
	// HelloArgs are those of "hello".
	HelloArgs struct{ CPU bool } // of the worker's CPU, whatever its device
	// OnArgs are those of what is turned on and off.
	OnArgs struct{ On bool }
)

// Ask calls a worker and reads the result into what result points to; nil: it is not wanted. The first error is the
// link's, the second what the worker says; lost: it is of no use any more.
func Ask(ctx context.Context, l Link, call string, args, result any) (broken error, said error, lost bool) {
	r := Request{Version: Version, Call: call}
	var err error
	if args != nil {
		if r.Args, err = json.Marshal(args); err != nil {
			return nil, err, false
		}
	}
	request, err := json.Marshal(r)
	if err != nil {
		return nil, err, false
	}
	if len(request) > RequestBytes {
		return nil, fmt.Errorf("%s needs %d bytes, and a request has at most %d", call, len(request), RequestBytes), false
	}
	answer, err := l.Call(ctx, request)
	if err != nil {
		return err, nil, false
	}
	var reply Reply
	if err := json.Unmarshal(answer, &reply); err != nil {
		return fmt.Errorf("what it answers to %s cannot be read: %w", call, err), nil, false
	}
	if reply.Error != "" {
		return nil, Said(reply.Error, reply.Full), reply.Lost
	}
	if result != nil {
		if err := json.Unmarshal(reply.Result, result); err != nil {
			return fmt.Errorf("what it answers to %s cannot be read: %w", call, err), nil, false
		}
	}
	return nil, nil, false
}
