package zipped

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// entry is what the directory of an archive says of one member.
type entry struct {
	name           string
	method, flags  uint16
	crc            uint32
	packed, whole  int64 // bytes
	header         int64 // where its local header is
	creator, attrs uint32
}

// Sizes and signatures of the format (APPNOTE.TXT, 4.3).
const (
	endSize, endMagic           = 22, "PK\x05\x06"
	locatorSize, locatorMagic   = 20, "PK\x06\x07"
	end64Size, end64Magic       = 56, "PK\x06\x06"
	memberSize, memberMagic     = 46, "PK\x01\x02"
	localSize, localMagic       = 30, "PK\x03\x04"
	maxComment                  = 1<<16 - 1
	inExtra16, inExtra32        = 1<<16 - 1, 1<<32 - 1
	zip64Extra                  = 1
	stored, deflated, encrypted = 0, 8, 1
)

var errNoZip = errors.New("it has no directory at its end: it is no zip archive, or is cut short; copy or download it again")

var le = binary.LittleEndian

// directory reads an archive's directory from beginning to end, a member at a time.
// The standard library's reader makes a list of it that is several times as long.
func directory(file io.ReaderAt, size int64, each func(entry) error) error {
	begin, length, base, err := findDirectory(file, size)
	if err != nil {
		return err
	}
	in := bufio.NewReaderSize(io.NewSectionReader(file, begin, length), 1<<16)
	var head [memberSize]byte
	for n := 0; ; n++ {
		_, err := io.ReadFull(in, head[:])
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return fmt.Errorf("its directory is cut short at member %d", n)
		case string(head[:4]) != memberMagic:
			return fmt.Errorf("its directory is damaged at member %d", n)
		}
		e := entry{creator: uint32(head[5]), flags: le.Uint16(head[8:]), method: le.Uint16(head[10:]), crc: le.Uint32(head[16:]),
			packed: int64(le.Uint32(head[20:])), whole: int64(le.Uint32(head[24:])), attrs: le.Uint32(head[38:]), header: int64(le.Uint32(head[42:]))}
		rest := make([]byte, int(le.Uint16(head[28:]))+int(le.Uint16(head[30:])))
		if _, err := io.ReadFull(in, rest); err != nil {
			return fmt.Errorf("its directory is cut short at member %d", n)
		}
		if _, err := in.Discard(int(le.Uint16(head[32:]))); err != nil {
			return fmt.Errorf("its directory is cut short at member %d", n)
		}
		name := int(le.Uint16(head[28:]))
		e.name = string(rest[:name])
		e.widen(rest[name:])
		e.header += base
		if err := each(e); err != nil {
			return err
		}
	}
}

// widen takes the numbers that 32 bits do not hold from the extra field (4.5.3).
func (e *entry) widen(extra []byte) {
	for len(extra) >= 4 {
		tag, n := le.Uint16(extra), int(le.Uint16(extra[2:]))
		extra = extra[4:]
		if n > len(extra) {
			return
		}
		if tag == zip64Extra {
			wide := extra[:n]
			for _, v := range []*int64{&e.whole, &e.packed, &e.header} {
				if *v == inExtra32 && len(wide) >= 8 {
					*v = int64(le.Uint64(wide))
					wide = wide[8:]
				}
			}
			return
		}
		extra = extra[n:]
	}
}

// findDirectory says where the directory is, and what offsets in it are short of
// where things are: some archives have a program before them.
func findDirectory(file io.ReaderAt, size int64) (begin, length, base int64, err error) {
	tail := make([]byte, min(size, endSize+maxComment))
	at := size - int64(len(tail))
	if n, err := file.ReadAt(tail, at); n < len(tail) {
		return 0, 0, 0, err
	}
	end := int64(-1)
	for i := len(tail) - endSize; i >= 0; i-- {
		if bytes.HasPrefix(tail[i:], []byte(endMagic)) && i+endSize+int(le.Uint16(tail[i+20:])) <= len(tail) {
			end = int64(i)
			break
		}
	}
	if end < 0 {
		return 0, 0, 0, errNoZip
	}
	length, begin = int64(le.Uint32(tail[end+12:])), int64(le.Uint32(tail[end+16:]))
	wide := le.Uint16(tail[end+10:]) == inExtra16 || length == inExtra32 || begin == inExtra32
	end += at
	if wide {
		if b, w, at64, ok := findWide(file, end); ok {
			begin, length, end = b, w, at64
		}
	}
	base = end - length - begin
	if length < 0 || begin < 0 || base < 0 || length > end {
		return 0, 0, 0, errors.New("its directory is said to be where it cannot be: it is damaged")
	}
	return begin + base, length, base, nil
}

// findWide reads the end record of 64 bits, which a locator before the other one
// points at.
func findWide(file io.ReaderAt, end int64) (begin, length, at int64, ok bool) {
	var locator [locatorSize]byte
	if end < locatorSize {
		return 0, 0, 0, false
	}
	if n, _ := file.ReadAt(locator[:], end-locatorSize); n < len(locator) || string(locator[:4]) != locatorMagic {
		return 0, 0, 0, false
	}
	at = int64(le.Uint64(locator[8:]))
	var record [end64Size]byte
	if at < 0 || at > end-locatorSize-end64Size {
		return 0, 0, 0, false
	}
	if n, _ := file.ReadAt(record[:], at); n < len(record) || string(record[:4]) != end64Magic {
		return 0, 0, 0, false
	}
	return int64(le.Uint64(record[48:])), int64(le.Uint64(record[40:])), at, true
}

// content says where a member's bytes begin, from its local header.
func (e *entry) content(file io.ReaderAt, size int64) (at int64, err error) {
	var local [localSize]byte
	if e.header < 0 || e.header > size-localSize {
		return 0, errOutside
	}
	if n, err := file.ReadAt(local[:], e.header); n < len(local) {
		return 0, err
	}
	if string(local[:4]) != localMagic {
		return 0, errOutside
	}
	at = e.header + localSize + int64(le.Uint16(local[26:])) + int64(le.Uint16(local[28:]))
	if e.packed < 0 || at > size-e.packed {
		return 0, errOutside
	}
	return at, nil
}

var errOutside = errors.New("it is not where the archive's directory says: the archive is damaged")
