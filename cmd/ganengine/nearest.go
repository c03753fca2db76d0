package main

import "ganengine/engine/spelling"

// didYouMean is the question after an unknown word, or nothing.
func didYouMean(word string, known []string) string {
	if near := spelling.Nearest(word, known); near != "" {
		return "; did you mean " + near + "?"
	}
	return ""
}
