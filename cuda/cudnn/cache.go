//go:build cuda && cgo && linux

package cudnn

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"ganengine/engine/atomicfile"
)

// A Cache keeps on disk which engines were measured to be the fastest, for one
// version of the library and one model of GPU.
type Cache struct {
	path    string
	key     cacheKey
	engines Record
	changed bool
}

// cacheKey is what measurements depend on.
type cacheKey struct {
	CuDNN      string `json:"cudnn"`
	GPU        string `json:"gpu"`
	Capability string `json:"capability"`
}

type cacheFile struct {
	cacheKey
	Engines Record `json:"engines"`
}

// OpenCache reads the measurements in a folder, which need not exist, for a GPU
// of this name and compute capability. A file that cannot be used counts as
// empty; the note then says why, and is "" otherwise.
func (l *Library) OpenCache(folder, gpu string, major, minor int) (c *Cache, note string) {
	key := cacheKey{l.Version(), gpu, fmt.Sprintf("%d.%d", major, minor)}
	plain := func(r rune) rune {
		if r == '.' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' {
			return r
		}
		return '-'
	}
	name := strings.Map(plain, key.CuDNN+" "+gpu+" "+key.Capability) + ".json"
	c = &Cache{path: filepath.Join(folder, name), key: key}
	var err error
	if c.engines, err = c.read(); err != nil {
		note = fmt.Sprintf("measured engines in %s are ignored: %v", c.path, err)
	}
	if c.engines == nil {
		c.engines = Record{}
	}
	return c, note
}

// read returns what the file has, nothing where there is none.
func (c *Cache) read() (Record, error) {
	text, err := os.ReadFile(c.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var f cacheFile
	if err := json.Unmarshal(text, &f); err != nil {
		return nil, err
	}
	if f.cacheKey != c.key {
		return nil, fmt.Errorf("they are of %v, not of %v", f.cacheKey, c.key)
	}
	if err := f.Engines.check(); err != nil {
		return nil, err
	}
	return f.Engines, nil
}

func (c *Cache) put(conv Conv, choice string) {
	c.engines[conv.String()] = choice
	c.changed = true
}

// Save writes what was measured since, if anything was, beside what others have
// saved meanwhile. Where two save at once, one's measurements are lost, and made
// again another time.
func (c *Cache) Save() error {
	if !c.changed {
		return nil
	}
	all, err := c.read()
	if err != nil || all == nil {
		all = Record{} // replaced by what is good
	}
	for conv, text := range c.engines {
		all[conv] = text
	}
	text, err := json.MarshalIndent(cacheFile{c.key, all}, "", "\t")
	if err != nil {
		return fmt.Errorf("measured engines: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(c.path), 0o755); err != nil {
		return fmt.Errorf("keeping measured engines: %w", err)
	}
	if err := atomicfile.WriteBytes(c.path, append(text, '\n')); err != nil {
		return fmt.Errorf("keeping measured engines: %w", err)
	}
	c.changed = false
	return nil
}
