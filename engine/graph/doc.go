// Package graph is the one language that everything is written in: networks,
// losses, penalties, optimisers, averages and noise are nodes of one typed graph.
//
// A Program is built by a Builder, differentiated by Gradients (which only
// builds more nodes, so gradients of gradients need nothing special),
// simplified, and handed to a device. Values live in Variables, which a
// session owns and many programs share.
//
// Invariants:
//   - the operator table is closed: every node's operator is a row of it, with
//     its shape rule, its gradient rule and the domain that tests draw from;
//   - shapes are static, activations are NHWC, filters KRSC (out, h, w, in);
//   - an operator's operands were built before it, so the order of building is
//     an order of execution;
//   - node numbers never leave the process: Variables, streams, inputs and
//     outputs are known by their unique scoped names.
//
// Builder functions panic with *BuildError on programmer errors (shapes that
// do not fit, a name used twice); Build recovers them and returns them.
package graph
