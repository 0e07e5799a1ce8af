package ir

import (
	"bytes"
	"io"

	"example.org/demote/internal/wire"
	"example.org/demote/mistake"
)

// Bytes returns the model as one protobuf message, with its external data. The slice is new. The error is a
// mistake.Err for a model of 2 GiB or more, which only Write can write, or if the files of its external data have
// changed.
func (m *Model) Bytes() ([]byte, error) {
	e, err := m.encoding(m.Graph().GetInitializer())
	if err != nil {
		return nil, err
	}
	return m.inMemory(e)
}

// A Message is what Bytes returns before it is in memory: of Size bytes, which Write writes as often as it is asked
// to.
type Message struct {
	Size  int64
	Write func(io.Writer) error
}

// Message is Bytes for who only reads them once, one after another.
func (m *Model) Message() (Message, error) {
	e, err := m.encoding(m.Graph().GetInitializer())
	if err != nil {
		return Message{}, err
	}
	return Message{e.Size(), e.Write}, nil
}

// encoding prepares one message of the model, with these initializers.
func (m *Model) encoding(initializers []Tensor) (*wire.Encoding, error) {
	e, err := wire.Encode(m.Proto, initializers)
	if err == nil && e.Size() > wire.MaxSize {
		err = m.InFile(mistake.Errorf("the model is %d bytes and a message ends at 2 GiB: it needs external data", e.Size()))
	}
	return e, err
}

// inMemory returns an encoding of the model as bytes.
func (m *Model) inMemory(e *wire.Encoding) ([]byte, error) {
	var b bytes.Buffer
	b.Grow(int(e.Size()))
	if err := e.Write(&b); err != nil {
		return nil, m.InFile(err)
	}
	return b.Bytes(), nil
}
