package report

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math"
	"slices"
	"strconv"

	"ganengine/engine/plainfile"
	"ganengine/gan/rundir"
)

// mostPoints is how many points a curve has at most. Rows of more are joined, as many to each point: a row is a mean over
// a log interval, and the mean of some rows is what a longer interval would have written.
const mostPoints = 1500

// curves are the numbers of a row file by step, read on as the file grows.
type curves struct {
	offset  int64 // of the first byte that was not read
	rows    int   // that were read
	damaged int   // rows that could not be read
	joined  int   // rows of each point but the last
	last    int   // rows of the last point
	steps   []int64
	columns map[string][]cell  // of what is plotted
	latest  map[string]float64 // the numbers of the last row
}

// cell is a sum of finite numbers.
type cell struct {
	sum float64
	n   int
}

func newCurves() *curves { return &curves{joined: 1, columns: map[string][]cell{}} }

// read takes the whole rows that a file has gained. A file that became shorter is read anew; none has no rows.
func (c *curves) read(path string) error {
	f, err := plainfile.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil {
		return err
	} else if info.Size() < c.offset {
		*c = *newCurves()
	}
	if _, err := f.Seek(c.offset, io.SeekStart); err != nil {
		return err
	}
	for in := bufio.NewReaderSize(f, 64<<10); ; {
		line, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil // what follows the last newline is no whole row yet
		}
		if err != nil {
			return err
		}
		c.offset += int64(len(line))
		if !c.row(line) {
			c.damaged++
		}
	}
}

// row adds a row, and says whether it is one: an object with a step.
func (c *curves) row(line []byte) bool {
	var row map[string]any
	if json.Unmarshal(line, &row) != nil {
		return false
	}
	step, ok := row["step"].(float64)
	if !ok {
		return false
	}
	numbers := map[string]float64{}
	for key, value := range row {
		switch v := value.(type) {
		case float64:
			numbers[key] = v
		case nil:
			numbers[key] = math.NaN()
		}
	}
	c.add(int64(step), numbers)
	return true
}

// add adds the numbers of a row. Its step is that of the point.
func (c *curves) add(step int64, numbers map[string]float64) {
	c.rows++
	if len(c.steps) == mostPoints && c.last == c.joined {
		c.halve()
	}
	if len(c.steps) == 0 || c.last == c.joined {
		c.steps, c.last = append(c.steps, 0), 0
	}
	at := len(c.steps) - 1
	c.steps[at] = step
	c.last++
	c.latest = numbers
	for key, x := range numbers {
		if math.IsNaN(x) || math.IsInf(x, 0) || slices.Contains(unplotted, key) {
			continue
		}
		column := c.columns[key]
		for len(column) <= at {
			column = append(column, cell{})
		}
		column[at].sum += x
		column[at].n++
		c.columns[key] = column
	}
}

// halve joins each two points, when all of them are full.
func (c *curves) halve() {
	for i := range mostPoints / 2 {
		c.steps[i] = c.steps[2*i+1]
	}
	c.steps, c.joined, c.last = c.steps[:mostPoints/2], 2*c.joined, 2*c.last
	for key, column := range c.columns {
		if len(column)%2 == 1 {
			column = append(column, cell{})
		}
		for i := range len(column) / 2 {
			a, b := column[2*i], column[2*i+1]
			column[i] = cell{a.sum + b.sum, a.n + b.n}
		}
		c.columns[key] = column[:len(column)/2]
	}
}

// keys are the names of the numbers, sorted.
func (c *curves) keys() []string { return slices.Sorted(maps.Keys(c.columns)) }

// table is the points as the page has them.
func (c *curves) table() table {
	t := table{X: c.steps, Y: map[string]numbers{}}
	for key, column := range c.columns {
		y := make(numbers, len(c.steps))
		for i := range y {
			y[i] = math.NaN()
			if i < len(column) && column[i].n > 0 {
				y[i] = column[i].sum / float64(column[i].n)
			}
		}
		t.Y[key] = y
	}
	return t
}

// note says what the curves leave out; "" where they have every row as it is.
func (c *curves) note() string {
	switch {
	case c.damaged > 0 && c.joined > 1:
		return fmt.Sprintf("each point is the mean of %d rows of %s, of which %d could not be read", c.joined, rundir.StatsFile, c.damaged)
	case c.damaged > 0:
		return fmt.Sprintf("%d rows of %s could not be read", c.damaged, rundir.StatsFile)
	case c.joined > 1:
		return fmt.Sprintf("each point is the mean of %d rows of %s", c.joined, rundir.StatsFile)
	}
	return ""
}

// numbers are values of a curve, with NaN where it has none. In JSON they have six digits, and null for NaN.
type numbers []float64

// MarshalJSON implements json.Marshaler.
func (n numbers) MarshalJSON() ([]byte, error) {
	b := make([]byte, 0, 10*len(n)+2)
	b = append(b, '[')
	for i, x := range n {
		if i > 0 {
			b = append(b, ',')
		}
		if math.IsNaN(x) || math.IsInf(x, 0) {
			b = append(b, "null"...)
		} else {
			b = strconv.AppendFloat(b, x, 'g', 6, 64)
		}
	}
	return append(b, ']'), nil
}
