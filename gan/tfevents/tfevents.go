// Package tfevents writes and reads TensorBoard's event files: scalars and PNG pictures over training steps.
//
// A file is a sequence of records: length (u64), masked CRC32C of the length, data, masked CRC32C of the data,
// all little endian. Each record's data is a protobuf Event; the first says brain.Event:2. A directory may hold
// several files; TensorBoard reads them in the order of their names, so a resumed run adds one.
//
// Sources: tensorflow/core/lib/io/record_writer.cc, core/util/event.proto, core/framework/summary.proto.
package tfevents

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"ganengine/engine/atomicfile"
	"ganengine/engine/plainfile"
)

// fileVersion is the content of every file's first event.
const fileVersion = "brain.Event:2"

// Field numbers of Event, Summary, Summary.Value and Summary.Image.
const (
	eventWallTime    = 1 // double, seconds since 1970
	eventStep        = 2 // int64
	eventFileVersion = 3 // string
	eventSummary     = 5 // Summary

	summaryValue = 1 // repeated Value

	valueTag    = 1 // string
	valueSimple = 2 // float
	valueImage  = 4 // Image

	imageHeight     = 1 // int32
	imageWidth      = 2 // int32
	imageColorspace = 3 // int32: the number of channels
	imageEncoded    = 4 // bytes: the PNG file
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// maskedCRC is the record format's checksum: CRC32C, rotated and shifted so that a checksum of data that holds
// checksums stays a good one.
func maskedCRC(b []byte) uint32 {
	c := crc32.Checksum(b, castagnoli)
	return (c>>15 | c<<17) + 0xa282ead8
}

// appendRecord frames data.
func appendRecord(dst, data []byte) []byte {
	var length [8]byte
	binary.LittleEndian.PutUint64(length[:], uint64(len(data)))
	dst = append(dst, length[:]...)
	dst = binary.LittleEndian.AppendUint32(dst, maskedCRC(length[:]))
	dst = append(dst, data...)
	return binary.LittleEndian.AppendUint32(dst, maskedCRC(data))
}

// Scalar is one point of a curve.
type Scalar struct {
	Tag   string
	Value float32
}

// A Writer appends events to a file of its own. Each event goes to the file in one write, so that what a
// reader of the growing file sees is whole. Not safe for concurrent use.
type Writer struct {
	f   *os.File
	now func() time.Time
	buf []byte
}

// Create opens a new file in dir, events.out.tfevents.<unix time>.<host>, and writes its first event.
// A number is appended where that name is taken. now stamps the events; nil is time.Now.
func Create(dir string, now func() time.Time) (*Writer, error) {
	if now == nil {
		now = time.Now
	}
	host, err := os.Hostname()
	if err != nil || host == "" {
		host = "localhost"
	}
	base := filepath.Join(dir, fmt.Sprintf("events.out.tfevents.%010d.%s", now().Unix(), strings.ReplaceAll(host, "/", "-")))
	path := base
	var f *os.File
	for i := 1; ; i++ {
		f, err = os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL|os.O_APPEND, 0o666)
		if err == nil {
			break
		}
		if !os.IsExist(err) {
			return nil, fmt.Errorf("create TensorBoard file: %w", atomicfile.Explain(err))
		}
		path = fmt.Sprintf("%s.%d", base, i)
	}
	w := &Writer{f: f, now: now}
	if err := w.event(0, eventFileVersion, []byte(fileVersion)); err != nil {
		f.Close()
		return nil, err
	}
	return w, nil
}

// Scalars writes values of one step as one event.
func (w *Writer) Scalars(step int64, values []Scalar) error {
	var summary, value []byte
	for _, s := range values {
		value = protowire.AppendTag(value[:0], valueTag, protowire.BytesType)
		value = protowire.AppendString(value, s.Tag)
		value = protowire.AppendTag(value, valueSimple, protowire.Fixed32Type)
		value = protowire.AppendFixed32(value, math.Float32bits(s.Value))
		summary = protowire.AppendTag(summary, summaryValue, protowire.BytesType)
		summary = protowire.AppendBytes(summary, value)
	}
	return w.event(step, eventSummary, summary)
}

// Image writes a picture, an encoded PNG file.
func (w *Writer) Image(step int64, tag string, pngFile []byte) error {
	cfg, err := png.DecodeConfig(bytes.NewReader(pngFile))
	if err != nil {
		return fmt.Errorf("TensorBoard image %s of step %d: %w", tag, step, err)
	}
	var image []byte
	for _, field := range [...]struct {
		num protowire.Number
		v   int
	}{{imageHeight, cfg.Height}, {imageWidth, cfg.Width}, {imageColorspace, channels(pngFile)}} {
		image = protowire.AppendTag(image, field.num, protowire.VarintType)
		image = protowire.AppendVarint(image, uint64(field.v))
	}
	image = protowire.AppendTag(image, imageEncoded, protowire.BytesType)
	image = protowire.AppendBytes(image, pngFile)

	value := protowire.AppendTag(nil, valueTag, protowire.BytesType)
	value = protowire.AppendString(value, tag)
	value = protowire.AppendTag(value, valueImage, protowire.BytesType)
	value = protowire.AppendBytes(value, image)
	summary := protowire.AppendTag(nil, summaryValue, protowire.BytesType)
	summary = protowire.AppendBytes(summary, value)
	return w.event(step, eventSummary, summary)
}

// channels gives TensorBoard's colour space of a checked PNG file, from the colour type in its first chunk
// (8 bytes signature, 8 chunk head, then width, height, depth, colour type): 1 grey, 3 colour, 4 with alpha.
func channels(pngFile []byte) int {
	switch pngFile[25] {
	case 0:
		return 1
	case 4, 6:
		return 4
	}
	return 3
}

// event writes one Event with a payload in the given field.
func (w *Writer) event(step int64, field protowire.Number, payload []byte) error {
	seconds := float64(w.now().UnixNano()) / 1e9
	e := protowire.AppendTag(nil, eventWallTime, protowire.Fixed64Type)
	e = protowire.AppendFixed64(e, math.Float64bits(seconds))
	e = protowire.AppendTag(e, eventStep, protowire.VarintType)
	e = protowire.AppendVarint(e, uint64(step))
	e = protowire.AppendTag(e, field, protowire.BytesType)
	e = protowire.AppendBytes(e, payload)
	w.buf = appendRecord(w.buf[:0], e)
	if _, err := w.f.Write(w.buf); err != nil {
		return fmt.Errorf("write TensorBoard event: %w", atomicfile.Explain(err))
	}
	return nil
}

// Sync makes what was written durable. Readers see it without.
func (w *Writer) Sync() error { return w.f.Sync() }

// Close syncs and closes the file.
func (w *Writer) Close() error {
	if err := w.f.Sync(); err != nil {
		w.f.Close()
		return err
	}
	return w.f.Close()
}

// DropAfter rewrites the event files in dir so that no event past step remains, nor a record that a crash cut
// off or that is damaged, nor what follows it (TensorBoard stops there too). Each file is replaced whole;
// files without such events are left untouched. No Writer may be open in dir.
func DropAfter(dir string, step int64) error {
	paths, err := filepath.Glob(filepath.Join(escape(dir), "events.out.tfevents.*"))
	if err != nil {
		return err
	}
	for _, path := range paths {
		if err := dropFile(path, step); err != nil {
			return fmt.Errorf("drop TensorBoard events past step %d: %w", step, err)
		}
	}
	return nil
}

// escape keeps a directory's name from being read as a pattern.
func escape(dir string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(dir)
}

func dropFile(path string, step int64) error {
	drops, err := needsDrop(path, step)
	if err != nil || !drops {
		return err
	}
	in, err := plainfile.Open(path)
	if err != nil {
		return err
	}
	defer in.Close()
	return atomicfile.Replace(path, func(w io.Writer) error {
		return keepUntil(in, step, func(record []byte) error {
			_, err := w.Write(record)
			return err
		})
	})
}

// needsDrop reports whether the kept records are fewer bytes than the file.
func needsDrop(path string, step int64) (bool, error) {
	in, err := plainfile.Open(path)
	if err != nil {
		return false, err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return false, err
	}
	kept := int64(0)
	err = keepUntil(in, step, func(record []byte) error {
		kept += int64(len(record))
		return nil
	})
	return kept != info.Size(), err
}

// keepUntil gives keep every whole record, framing included, whose event is not past step.
func keepUntil(in io.Reader, step int64, keep func(record []byte) error) error {
	r := NewReader(in, "")
	var framed []byte
	for {
		e, err := r.Next()
		if err != nil {
			if err == io.EOF || damaged(err) {
				return nil
			}
			return err
		}
		if e.Step > step {
			continue
		}
		framed = appendRecord(framed[:0], r.data)
		if err := keep(framed); err != nil {
			return err
		}
	}
}
