//go:build cuda && cgo && linux

package driver

// #include "shim.h"
import "C"

import (
	"errors"
	"fmt"

	"gorgonia.org/cu"
)

// A Graph is captured work, ready to be enqueued again and again as it was:
// the same kernels on the same addresses with the same arguments.
type Graph struct {
	exec  C.CUgraphExec
	nodes int
}

// Capture records what record enqueues on a stream, which must not be the
// default stream, and uploads the graph to the device. Nothing of it runs. Work
// that record puts on other streams belongs to the graph when an event links
// those streams from this one and back.
//
// The capture is local to the OS thread: record must not leave it, and other
// threads may go on calling the driver. Modules must be loaded and libraries
// warm beforehand.
func Capture(s cu.Stream, record func() error) (*Graph, error) {
	if err := check(C.cuStreamBeginCapture(stream(s), C.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL)); err != nil {
		return nil, fmt.Errorf("begin of the capture: %w", err)
	}
	recorded := record()
	var template C.CUgraph
	ended := check(C.cuStreamEndCapture(stream(s), &template))
	if template != nil {
		defer C.cuGraphDestroy(template)
	}
	if recorded != nil {
		return nil, fmt.Errorf("while capturing: %w", recorded)
	}
	if ended != nil {
		return nil, fmt.Errorf("end of the capture: %w", ended)
	}
	return instantiate(template, s)
}

func instantiate(template C.CUgraph, s cu.Stream) (*Graph, error) {
	var n C.size_t
	if err := check(C.cuGraphGetNodes(template, nil, &n)); err != nil {
		return nil, fmt.Errorf("counting the graph's nodes: %w", err)
	}
	if n == 0 {
		return nil, errors.New("nothing was captured: was the work enqueued on another stream?")
	}
	g := &Graph{nodes: int(n)}
	if err := check(C.cuGraphInstantiate(&g.exec, template, 0)); err != nil {
		return nil, fmt.Errorf("instantiating a graph of %d nodes: %w", g.nodes, err)
	}
	if err := check(C.cuGraphUpload(g.exec, stream(s))); err != nil {
		g.Close() // what goes wrong there follows from this
		return nil, fmt.Errorf("uploading a graph of %d nodes: %w", g.nodes, err)
	}
	return g, nil
}

// Nodes returns the number of kernels, copies and fills in the graph.
func (g *Graph) Nodes() int { return g.nodes }

// Launch enqueues the graph on a stream.
func (g *Graph) Launch(s cu.Stream) error {
	if err := check(C.cuGraphLaunch(g.exec, stream(s))); err != nil {
		return fmt.Errorf("launching a graph of %d nodes: %w", g.nodes, err)
	}
	return nil
}

// Close destroys the graph; launches that are under way finish first.
func (g *Graph) Close() error {
	err := check(C.cuGraphExecDestroy(g.exec))
	g.exec = nil
	return err
}
