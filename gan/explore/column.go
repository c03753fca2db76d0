package explore

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"ganengine/engine/plainfile"
	"ganengine/gan/npy"
)

// column is an array [n, ...] that is read in parts, of a .npy file or an archive.
type column[T npy.Element] struct {
	path, name string
	members    []string // arrays of an archive; nil for a file that is an array
	shape      []int
	source     *npy.Source[T]
	close      func() error
	at         int // number of the row that source reads next
	rows       []T // of the last read
}

// read gives n rows from the first on, valid until the next call.
func (c *column[T]) read(first, n int) ([]T, error) {
	if first < c.at {
		if err := c.rewind(); err != nil {
			return nil, err
		}
	}
	length := 1
	for _, d := range c.shape[1:] {
		length *= d
	}
	if cap(c.rows) < n*length {
		c.rows = make([]T, n*length)
	}
	for c.at < first { // what lies between is passed over
		if err := c.next(min(first-c.at, n), length); err != nil {
			return nil, err
		}
	}
	return c.rows[:n*length], c.next(n, length)
}

func (c *column[T]) next(n, length int) error {
	if err := c.source.Read(c.rows[:n*length]); err != nil {
		return fmt.Errorf("%s: %w", c.path, err)
	}
	c.at += n
	return nil
}

// end says that something follows the last row, once all are read.
func (c *column[T]) end() error {
	if err := c.source.End(); err != nil {
		return fmt.Errorf("%s: %w", c.path, err)
	}
	return nil
}

// Close closes the file.
func (c *column[T]) Close() error {
	if c.close == nil {
		return nil
	}
	err := c.close()
	c.close = nil
	return err
}

// rewind opens the file again at its first row.
func (c *column[T]) rewind() error {
	if err := c.Close(); err != nil {
		return err
	}
	file, _, err := plainfile.OpenLinked(c.path)
	if err != nil {
		return err
	}
	if err := c.begin(file); err != nil {
		return errors.Join(err, c.Close())
	}
	c.shape, c.at = c.source.Shape, 0
	return nil
}

// begin reads the header, of an archive or of the array that the file is.
func (c *column[T]) begin(file *os.File) (err error) {
	c.close = file.Close
	var magic [2]byte
	_, short := io.ReadFull(file, magic[:])
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	if short == nil && string(magic[:]) == "PK" { // a ZIP archive
		return errors.Join(c.Close(), c.beginArchive())
	}
	if c.source, err = npy.NewSource[T](file); err != nil {
		return fmt.Errorf("%s: %w", c.path, err)
	}
	return nil
}

// beginArchive opens the array of the column's name, else the first.
func (c *column[T]) beginArchive() error {
	a, err := npy.Open(c.path)
	if err != nil {
		return err
	}
	c.members = a.Names()
	c.close = a.Close
	if len(c.members) == 0 {
		return fmt.Errorf("%s: the archive has no array", c.path)
	}
	name := c.members[0]
	if slices.Contains(c.members, c.name) {
		name = c.name
	}
	source, end, err := npy.OpenArray[T](a, name)
	if err != nil {
		return err
	}
	c.source, c.close = source, func() error { return errors.Join(end(), a.Close()) }
	return nil
}
