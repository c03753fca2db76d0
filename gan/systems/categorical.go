package systems

import (
	"fmt"

	"ganengine/engine/graph"
	"ganengine/gan/config"
	"ganengine/gan/game"
)

// checkLabels refuses a configuration without labels for a kind that learns classes; instead
// is a kind that needs none.
func checkLabels(c *config.Config, instead string) *config.Error {
	if c.Data.Labels {
		return nil
	}
	return &config.Error{Key: "data.labels", Msg: fmt.Sprintf("model.kind = %q learns classes; set it to true, with data that have labels, or use model.kind = %q", c.Model.Kind, instead)}
}

// classesOf is how many classes the data of such a kind have, once they are open.
func classesOf(s *game.Setup, real *game.Stream, instead string) (int, error) {
	if n := len(real.Classes); n > 0 {
		return n, nil
	}
	return 0, &config.Error{Key: "data.labels", Msg: fmt.Sprintf("these data have no labels, and model.kind = %q learns classes; use data that have them, or model.kind = %q", s.Config.Model.Kind, instead)}
}

// checkFewLabels refuses keys of how few labels are learnt from where there are none.
func checkFewLabels(c *config.Config, unlabelled float64) *config.Error {
	if c.Data.Labels {
		return nil
	}
	for _, k := range []struct {
		key string
		set bool
	}{{"train.labelled", part[config.FewLabels](c).Labelled > 0}, {"loss.unlabelled", unlabelled != 1}} {
		if k.set {
			return &config.Error{Key: k.key, Msg: "is of classes, which are learnt with data.labels = true; set that, with data that have labels, or remove this key"}
		}
	}
	return nil
}

// logSumExp is log Σ e^x over the last axis, [n, k] to [n, 1], of numbers of any size.
func logSumExp(x *graph.Node) *graph.Node {
	most := graph.StopGradient(graph.ReduceMax(x, 1))
	return graph.Add(most, graph.Log(graph.ReduceSum(graph.Exp(graph.Sub(x, most)), 1)))
}

// classLoss is the mean of -log p(y) in nats of classes y, i32 [n].
func classLoss(logits, y *graph.Node) *graph.Node {
	return categoricalLoss(logits, game.OneHot(y, logits.Shape[1], logits.DType))
}

// categoricalLoss is the mean of -log p(y) in nats, with p the softmax of logits [n, k] and y rows
// of zeros with a one.
func categoricalLoss(logits, y *graph.Node) *graph.Node {
	return graph.Average(graph.Sub(logSumExp(logits), graph.ReduceSum(graph.Mul(logits, y), 1)))
}

// softmax is e^x/Σ e^x over the last axis of [n, k].
func softmax(x *graph.Node) *graph.Node { return graph.Exp(graph.Sub(x, logSumExp(x))) }
