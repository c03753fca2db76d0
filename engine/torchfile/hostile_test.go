package torchfile

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"strings"
	"testing"

	"ganengine/engine/pickle"
)

// entry is one of a zip archive.
type entry struct {
	name, data string
	packed     bool
}

func archived(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, Method: zip.Store}
		if e.packed {
			h.Method = zip.Deflate
		}
		f, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(e.data)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// pickled is an archive of a pickle of protocol 2, and a storage of two floats.
func pickled(t testing.TB, text string) []byte {
	return archived(t, entry{"a/data.pkl", "\x80\x02" + text, false}, entry{"a/data/0", "\x00\x00\x80\x3f\x00\x00\x00\x40", false})
}

// Parts of pickles: the storage of two floats, and a tensor in it of one axis.
const (
	aStorage = "(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x02tQ"
	rebuild  = "ctorch._utils\n_rebuild_tensor_v2\n("
	noGrads  = "\x89ccollections\nOrderedDict\n)RtR"
)

func aTensor(offset, shape, stride string) string {
	return rebuild + aStorage + offset + shape + "\x85" + stride + "\x85" + noGrads
}

// sequence is a file of before the zip format with a tensor of two floats.
func sequence(keys, after string) []byte {
	text := string(magic) + "\x80\x02M\xe9\x03." + "\x80\x02}." + "\x80\x02" + aTensor("K\x00", "K\x02", "K\x01") + "."
	return []byte(text + "\x80\x02]" + keys + "." + after)
}

const twoFloats = "\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80\x3f\x00\x00\x00\x40"

// TestParts: the files that the tests below spoil are good ones.
func TestParts(t *testing.T) {
	for _, data := range [][]byte{pickled(t, aTensor("K\x00", "K\x02", "K\x01")+"."), sequence("X\x01\x00\x00\x000a", twoFloats)} {
		f, err := NewFile(bytes.NewReader(data), int64(len(data)), "x.pt")
		if err != nil {
			t.Fatal(err)
		}
		x, err := f.Floats(f.Tensors()[0].Tensor)
		if err != nil || len(x) != 2 || x[0] != 1 || x[1] != 2 {
			t.Fatal(x, err)
		}
	}
}

// TestHostile: files that would run something, take memory or leave their place are refused in a line each.
func TestHostile(t *testing.T) {
	deep := strings.Repeat("]", 100) + strings.Repeat("a", 99)
	doubled := "]q\x00"
	for i := range 40 { // a list of the list before, twice
		doubled += "0](h" + string(rune(i)) + "h" + string(rune(i)) + "eq" + string(rune(i+1))
	}
	for _, c := range []struct{ what, text, says string }{
		{"a call of os.system", "cposix\nsystem\nX\x02\x00\x00\x00id\x85R.", `"posix.system" is asked for`},
		{"the same by a stack of strings", "\x8c\x02os\x8c\x06system\x93.", `"os.system" is asked for`},
		{"a lookup on builtins", "cbuiltins\neval\n.", `"builtins.eval"`},
		{"numpy's scalar", "cnumpy.core.multiarray\nscalar\n.", "save the state dict alone"},
		{"an instance", "(i__main__\nX\n.", "operation 0x69"},
		{"an object of Python", "\x8c\x01a)\x81.", "operation 0x81"},
		{"an extension", "\x82\x01.", "operation 0x82"},
		{"a call of a string", "X\x01\x00\x00\x00a)R.", "calls a string"},
		{"a call of a storage's kind", "ctorch\nFloatStorage\n)R.", "calls a function"},
		{"a call without arguments", "ccollections\nOrderedDict\n}R.", "with a dictionary"},
		{"attributes of a list", "]}b.", "sets attributes of a list"},
		{"a name without end", "c" + strings.Repeat("x", 10000), "a name of more than 256 bytes"},
		{"a string of 4 GB", "X\xff\xff\xff\xffabc.", "a string of 4294967295 bytes"},
		{"a string of 2^63 bytes", "\x8d\xff\xff\xff\xff\xff\xff\xff\x7fabc.", "a string of"},
		{"a string that is cut short", "X\x00\x00\x00\x01abc", "cut short"},
		{"an integer of 255 bytes", "\x8a\xff" + strings.Repeat("a", 255) + ".", "an integer of 255 bytes"},
		{"no end", "}", "cut short"},
		{"a stack that is empty", ".", "0 values"},
		{"a stack of two", "}}.", "2 values"},
		{"values that are not there", "R.", "not there"},
		{"values from before a mark", "}(K\x01K\x02\x87.", "not there"},
		{"a mark that is not there", "}t.", "a mark that is not there"},
		{"a memo that is empty", "h\x05.", "recalls value 5"},
		{"a key without a value", "}(K\x01u.", "a key without a value"},
		{"a list as a key", "}]K\x01s.", "a list for a key"},
		{"a long key", "}X\x00\x10\x00\x00" + strings.Repeat("k", 4096) + "K\x01s.", "a key of 4096 bytes"},
		{"items of a list", "]K\x01K\x01s.", "sets items of a list"},
		{"a protocol to come", "\x80\x09.", "protocol 9"},
		{"bytes for text", "X\x01\x00\x00\x00\xff.", "no UTF-8"},
		{"too many steps", strings.Repeat("N0", pickle.MaxSteps/2+1) + "N.", "steps"},
		{"containers 100 deep", deep + ".", "64 deep"},
		{"2^40 lists", doubled + ".", "more than"},
		{"a list that holds itself", "]q\x00h\x00a.", "64 deep"},
		{"a storage that is not there", strings.Replace(aTensor("K\x00", "K\x02", "K\x01"), "\x000X", "\x007X", 1) + ".", "storage 7 is not in the file"},
		{"a storage that is a path", strings.Replace(aTensor("K\x00", "K\x02", "K\x01"), "\x01\x00\x00\x000X", "\x07\x00\x00\x00../../xX", 1) + ".", `"../../x" is not called by a number`},
		{"a storage of more than there is", strings.Replace(aTensor("K\x00", "K\x02", "K\x01"), "cpuK\x02", "cpuJ\xff\xff\xff\x7f", 1) + ".", "8 bytes where its 2147483647 elements"},
		{"a storage of less than nothing", strings.Replace(aTensor("K\x00", "K\x02", "K\x01"), "cpuK\x02", "cpuJ\xff\xff\xff\xff", 1) + ".", "another way"},
		{"a storage alone", aStorage + ".", "holds a storage"},
		{"a function alone", "ctorch\nFloatStorage\n.", "holds a function"},
		{"a tensor beyond its storage", aTensor("K\x01", "K\x02", "K\x01") + ".", "leaves its storage"},
		{"a tensor before its storage", aTensor("J\xff\xff\xff\xff", "K\x02", "K\x01") + ".", "begins at element -1"},
		{"a step backwards", aTensor("K\x01", "K\x02", "J\xff\xff\xff\xff") + ".", "not all 0 or more"},
		{"2^31 copies of a number", aTensor("K\x00", "J\xff\xff\xff\x7f", "K\x00") + ".", "save a contiguous copy"},
		{"a shape that overflows", rebuild + aStorage + "K\x00" + strings.Repeat("J\xff\xff\xff\x7f", 3) + "\x87K\x00K\x00K\x00\x87" + noGrads + ".", "more than memory can hold"},
		{"strides that overflow", aTensor("K\x00", "K\x03", "\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f") + ".", "more than memory can hold"},
		{"a tensor without strides", rebuild + aStorage + "K\x00K\x02\x85)" + noGrads + ".", "has strides []"},
		{"a tensor without arguments", "ctorch._utils\n_rebuild_tensor_v2\n)R.", "other arguments"},
	} {
		refused(t, c.what, pickled(t, c.text), c.says)
	}
}

// refused expects one line that says something, in an error of the format.
func refused(t *testing.T, what string, data []byte, says string) {
	t.Helper()
	f, err := NewFile(bytes.NewReader(data), int64(len(data)), "x.pt")
	if err == nil { // what is wrong with a storage's bytes is found when they are read
		for _, x := range f.Tensors() {
			if _, err = f.Bytes(x.Tensor); err != nil {
				break
			}
		}
	}
	var bad *FormatError
	if !errors.As(err, &bad) || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "\n") || !strings.HasPrefix(err.Error(), "x.pt: ") || len(err.Error()) > 600 {
		t.Errorf("%s: %v; want a line with %q", what, err, says)
	}
}

// TestArchives: zip archives that PyTorch does not write.
func TestArchives(t *testing.T) {
	pkl := entry{"a/data.pkl", "\x80\x02}.", false}
	for _, c := range []struct {
		what, says string
		entries    []entry
	}{
		{"a bomb", "is packed", []entry{{"a/data.pkl", strings.Repeat("\x00", 1<<20), true}}},
		{"no pickle", "no data.pkl", []entry{{"a/other", "", false}}},
		{"no folder", `"data.pkl"`, []entry{{"data.pkl", "\x80\x02}.", false}}},
		{"a way out", `"../data.pkl"`, []entry{{"../data.pkl", "\x80\x02}.", false}}},
		{"a way out further down", `"a/data/../../x"`, []entry{pkl, {"a/data/../../x", "", false}}},
		{"a path of Windows", `"a/..\\x"`, []entry{pkl, {`a/..\x`, "", false}}},
		{"a path from the root", `"/a/data.pkl"`, []entry{{"/a/data.pkl", "", false}}},
		{"two folders", `"a" and "b"`, []entry{pkl, {"b/data.pkl", "\x80\x02}.", false}}},
		{"an entry twice", "twice", []entry{pkl, pkl}},
		{"big-endian numbers", `byte order is "big"`, []entry{pkl, {"a/byteorder", "big", false}}},
		{"a long byte order", "up to 16 are read", []entry{pkl, {"a/byteorder", strings.Repeat("little", 100), false}}},
	} {
		refused(t, c.what, archived(t, c.entries...), c.says)
	}
	good := pickled(t, aTensor("K\x00", "K\x02", "K\x01")+".")
	refused(t, "half a file", good[:len(good)/2], "cut short")
	refused(t, "a bit of a storage turned over", bytes.Replace(good, []byte("\x80\x3f\x00\x00\x00\x40"), []byte("\x80\x3f\x00\x00\x00\x41"), 1), "its bytes have checksum")
	refused(t, "a bit of the pickle turned over", bytes.Replace(good, []byte("cpuK\x02"), []byte("cpuK\x01"), 1), "its bytes have checksum")
	at := bytes.Index(good, []byte("PK\x01\x02")) // the directory's first entry
	huge := bytes.Clone(good)
	binary.LittleEndian.PutUint32(huge[at+20:], 1<<31-1)
	binary.LittleEndian.PutUint32(huge[at+24:], 1<<31-1)
	refused(t, "an entry of 2 GB", huge, "not where it should be")
}

// TestSequences: files of before the zip format that are damaged.
func TestSequences(t *testing.T) {
	const key = "X\x01\x00\x00\x000a"
	good := sequence(key, twoFloats)
	for end := range len(good) {
		f, err := NewFile(bytes.NewReader(good[:end]), int64(end), "x.pt")
		if err == nil {
			t.Fatalf("%d of %d bytes were enough: %v", end, len(good), f.Tensors())
		}
	}
	refused(t, "a byte more", append(bytes.Clone(good), 0), "1 bytes come after")
	refused(t, "no storage", sequence("", ""), "0 of its 1 storages")
	refused(t, "another storage", sequence("X\x01\x00\x00\x001a", twoFloats), `"1" that no tensor lies in`)
	refused(t, "a storage twice", sequence(key+key, twoFloats+twoFloats), "lists it twice")
	refused(t, "a number for a storage", sequence("K\x00a", twoFloats), "no tensor lies in")
	refused(t, "other elements", sequence(key, strings.Replace(twoFloats, "\x02", "\x03", 1)), "3 elements where 2 are expected")
	refused(t, "a huge storage", bytes.Replace(good, []byte("cpuK\x02"), []byte("cpuJ\xff\xff\xff\x7f"), 1), "cut short")
	refused(t, "another version", bytes.Replace(good, []byte("M\xe9\x03"), []byte("M\xe8\x03"), 1), "its version is 1000")
	refused(t, "another machine", bytes.Replace(good, []byte("\x80\x02}."), []byte("\x80\x02}X\x0d\x00\x00\x00little_endian\x89s."), 1), "byte order is not little")
	refused(t, "no list", bytes.Replace(good, []byte("\x80\x02]"+key), []byte("\x80\x02N"), 1), "does not list")
	refused(t, "a storage outside the value", bytes.Replace(good, []byte("\x80\x02}."), []byte("\x80\x02NQ."), 1), "where there is none")
	part := bytes.Replace(good, []byte("cpuK\x02t"), []byte("cpuK\x02]t"), 1)
	refused(t, "a storage within another", part, "part of another")
}

// FuzzFile: whatever a file holds, it is read or refused, without a panic and within the memory that its size allows.
func FuzzFile(f *testing.F) {
	for _, name := range []string{"state", "dtypes", "strides", "nested", "protocol4", "sequence", "sequence-strides"} {
		data, err := os.ReadFile("testdata/" + name + ".pt")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add(pickled(f, aTensor("K\x00", "K\x02", "K\x01")+"."))
	f.Add(sequence("X\x01\x00\x00\x000a", twoFloats))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := NewFile(bytes.NewReader(data), int64(len(data)), "x.pt")
		if err != nil {
			return
		}
		whole(t, file, len(data))
		for _, x := range file.Tensors() {
			b, err := file.Bytes(x.Tensor)
			if err == nil && len(b) != x.Elements()*x.DType.Size() {
				t.Errorf("%s %s %v gave %d bytes", x.Name, x.DType, x.Shape, len(b))
			}
			if len(b) > len(data) {
				t.Errorf("%s of %d bytes is in a file of %d", x.Name, len(b), len(data))
			}
		}
	})
}

// FuzzPickle is FuzzFile past the archive's checksums.
func FuzzPickle(f *testing.F) {
	f.Add([]byte(aTensor("K\x00", "K\x02", "K\x01") + "."))
	f.Add([]byte("}q\x00(X\x01\x00\x00\x00aK\x01X\x01\x00\x00\x00b](M\x01\x02G\x3f\xf0\x00\x00\x00\x00\x00\x00eu."))
	f.Add([]byte("\x8c\x0bcollections\x94\x8c\x0bOrderedDict\x94\x93\x94)R\x94}b."))
	moments := key("exp_avg") + aTensor("K\x00", "K\x02", "K\x01") + key("exp_avg_sq") + aTensor("K\x00", "K\x02", "K\x01")
	f.Add([]byte(dict(key("state"), dict("K\x00", dict(key("step"), "K\x05", moments)), key("param_groups"), "]("+dict(key("params"), "](K\x00e")+"e") + "."))
	f.Add([]byte(dict(key("netG"), dict(key("module.w"), aTensor("K\x00", "K\x02", "K\x01")), key("epoch"), "K\x03") + "."))
	f.Fuzz(func(t *testing.T, text []byte) {
		data := pickled(t, string(text))
		if file, err := NewFile(bytes.NewReader(data), int64(len(data)), "x.pt"); err == nil {
			whole(t, file, 8)
			for _, x := range file.Tensors() {
				if b, err := file.Bytes(x.Tensor); err != nil || len(b) > 8 {
					t.Errorf("%s %v: %d bytes, %v", x.DType, x.Shape, len(b), err)
				}
			}
		}
	})
}
