package ir

import (
	"bytes"
	"io"

	"example.org/demote/internal/wire"
	"example.org/demote/mistake"
)

// Bytes returns the model as one protobuf message, with its external data inside. The slice is new. Equal models give
// equal bytes, and a file that protobuf's own encoders wrote gives its own. The error is a mistake.Err for a model of
// 2 GiB or more, which only Write can write, or if the files of its external data have changed.
func (m *Model) Bytes() ([]byte, error) {
	e, err := m.encoding(m.Graph().GetInitializer())
	if err != nil {
		return nil, err
	}
	return m.inMemory(e)
}

// A Message is what Bytes returns before it is in memory.
type Message struct {
	Size int64 // bytes
	// Write writes them, as often as it is called. The error is that of the writer, or a mistake.Err if the files of
	// external data have changed.
	Write func(io.Writer) error
}

// Message is Bytes for who only reads them once, one after another: it takes no memory for the weights. The model must
// not change while the message is in use. The error is that of Bytes.
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
