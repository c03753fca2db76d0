package config

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// An interval of numbers; the zero interval contains all.
type interval struct {
	low, high         float64
	lowOpen, highOpen bool
	given             bool
}

// parseInterval reads [1,8], (0,), [0,1) and the like; "" contains all.
func parseInterval(s string) interval {
	if s == "" {
		return interval{}
	}
	low, high, ok := strings.Cut(s[1:len(s)-1], ",")
	if !ok {
		panic("config: no interval: " + s)
	}
	bound := func(s string, missing float64) float64 {
		if s == "" {
			return missing
		}
		v, err := strconv.ParseFloat(s, 64)
		if err != nil {
			panic("config: no bound of an interval: " + s)
		}
		return v
	}
	return interval{bound(low, math.Inf(-1)), bound(high, math.Inf(1)), s[0] == '(', s[len(s)-1] == ')', true}
}

func (i interval) contains(v float64) bool {
	switch {
	case !i.given:
		return true
	case v < i.low, v > i.high, v == i.low && i.lowOpen, v == i.high && i.highOpen:
		return false
	}
	return true
}

// String says the interval in words.
func (i interval) String() string {
	var words []string
	switch {
	case !i.given || math.IsInf(i.low, -1):
	case i.lowOpen:
		words = append(words, fmt.Sprintf("more than %v", i.low))
	default:
		words = append(words, fmt.Sprintf("at least %v", i.low))
	}
	switch {
	case !i.given || math.IsInf(i.high, 1):
	case i.highOpen:
		words = append(words, fmt.Sprintf("less than %v", i.high))
	default:
		words = append(words, fmt.Sprintf("at most %v", i.high))
	}
	return strings.Join(words, " and ")
}
