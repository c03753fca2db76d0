package tfevents

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// maxRecord bounds a record's length; a grid of pictures is far below.
const maxRecord = 1 << 30

// Image is a picture of an event.
type Image struct {
	Tag                     string
	Height, Width, Channels int
	PNG                     []byte
}

// Event is one record of a file.
type Event struct {
	WallTime    float64 // seconds since 1970
	Step        int64
	FileVersion string // of the first event only
	Scalars     []Scalar
	Images      []Image
}

// FormatError says what is wrong with a record and where it begins.
type FormatError struct {
	File   string
	Offset int64
	What   string
}

func (e *FormatError) Error() string {
	return fmt.Sprintf("%s: record at byte %d: %s", e.File, e.Offset, e.What)
}

// A Reader reads the events of one file.
type Reader struct {
	r      *bufio.Reader
	name   string
	offset int64  // where the record in data begins, or the next one
	data   []byte // of the last record
}

// NewReader reads from r; name stands in errors.
func NewReader(r io.Reader, name string) *Reader {
	return &Reader{r: bufio.NewReader(r), name: name}
}

// Next gives the next event, io.EOF after the last one. A record that is cut off or damaged is a *FormatError.
func (r *Reader) Next() (Event, error) {
	data, err := r.record()
	if err != nil {
		return Event{}, err
	}
	e, ok := parseEvent(data)
	if !ok {
		return Event{}, r.bad("is no Event message")
	}
	r.data = data
	r.offset += int64(len(data)) + 16
	return e, nil
}

func (r *Reader) bad(what string) error { return &FormatError{r.name, r.offset, what} }

// damaged tells a fault of the file's content from one of the system.
func damaged(err error) bool {
	var fe *FormatError
	return errors.As(err, &fe)
}

// record reads one frame and checks both sums.
func (r *Reader) record() ([]byte, error) {
	var head [12]byte
	if _, err := io.ReadFull(r.r, head[:]); err == io.ErrUnexpectedEOF {
		return nil, r.bad("is cut off")
	} else if err != nil {
		return nil, err
	}
	n := binary.LittleEndian.Uint64(head[:])
	if binary.LittleEndian.Uint32(head[8:]) != maskedCRC(head[:8]) {
		return nil, r.bad("checksum of the length is wrong")
	}
	if n > maxRecord {
		return nil, r.bad(fmt.Sprintf("length %d is too great", n))
	}
	var body bytes.Buffer // grows with what is there, whatever the length promises
	if _, err := io.CopyN(&body, r.r, int64(n)+4); err == io.EOF {
		return nil, r.bad("is cut off")
	} else if err != nil {
		return nil, err
	}
	data := body.Bytes()[:n]
	if binary.LittleEndian.Uint32(body.Bytes()[n:]) != maskedCRC(data) {
		return nil, r.bad("checksum of the data is wrong")
	}
	return data, nil
}

// fields calls f for each field of a message. Of b (bytes) and v (numbers), the wire type sets one.
func fields(msg []byte, f func(num protowire.Number, typ protowire.Type, b []byte, v uint64) bool) bool {
	for len(msg) > 0 {
		num, typ, n := protowire.ConsumeTag(msg)
		if n < 0 {
			return false
		}
		msg = msg[n:]
		var b []byte
		var v uint64
		switch typ {
		case protowire.BytesType:
			b, n = protowire.ConsumeBytes(msg)
		case protowire.VarintType:
			v, n = protowire.ConsumeVarint(msg)
		case protowire.Fixed64Type:
			v, n = protowire.ConsumeFixed64(msg)
		case protowire.Fixed32Type:
			var w uint32
			w, n = protowire.ConsumeFixed32(msg)
			v = uint64(w)
		default:
			n = protowire.ConsumeFieldValue(num, typ, msg)
		}
		if n < 0 || !f(num, typ, b, v) {
			return false
		}
		msg = msg[n:]
	}
	return true
}

func parseEvent(msg []byte) (e Event, ok bool) {
	ok = fields(msg, func(num protowire.Number, typ protowire.Type, b []byte, v uint64) bool {
		switch {
		case num == eventWallTime && typ == protowire.Fixed64Type:
			e.WallTime = math.Float64frombits(v)
		case num == eventStep && typ == protowire.VarintType:
			e.Step = int64(v)
		case num == eventFileVersion && typ == protowire.BytesType:
			e.FileVersion = string(b)
		case num == eventSummary && typ == protowire.BytesType:
			return fields(b, func(num protowire.Number, typ protowire.Type, b []byte, _ uint64) bool {
				return num != summaryValue || typ != protowire.BytesType || parseValue(b, &e)
			})
		}
		return true
	})
	return e, ok
}

// parseValue adds a Summary.Value to the event.
func parseValue(msg []byte, e *Event) bool {
	var tag string
	var scalar *float32
	var image *Image
	ok := fields(msg, func(num protowire.Number, typ protowire.Type, b []byte, v uint64) bool {
		switch {
		case num == valueTag && typ == protowire.BytesType:
			tag = string(b)
		case num == valueSimple && typ == protowire.Fixed32Type:
			f := math.Float32frombits(uint32(v))
			scalar = &f
		case num == valueImage && typ == protowire.BytesType:
			image = &Image{}
			return parseImage(b, image)
		}
		return true
	})
	if scalar != nil {
		e.Scalars = append(e.Scalars, Scalar{tag, *scalar})
	}
	if image != nil {
		image.Tag = tag
		e.Images = append(e.Images, *image)
	}
	return ok
}

func parseImage(msg []byte, im *Image) bool {
	return fields(msg, func(num protowire.Number, typ protowire.Type, b []byte, v uint64) bool {
		switch {
		case num == imageHeight && typ == protowire.VarintType:
			im.Height = int(v)
		case num == imageWidth && typ == protowire.VarintType:
			im.Width = int(v)
		case num == imageColorspace && typ == protowire.VarintType:
			im.Channels = int(v)
		case num == imageEncoded && typ == protowire.BytesType:
			im.PNG = b
		}
		return true
	})
}
