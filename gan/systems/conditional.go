package systems

import (
	"ganengine/engine/graph"
	"ganengine/gan/game"
)

// conditional is the game of a pair that sees classes. In an update of D the fakes
// have the classes of the batch, so that reals and fakes are judged under the same
// conditions; in one of G they have classes of their own.
type conditional struct {
	*pair
	y *game.Code
}

// meet declares classes, networks that are told them beside latents and samples, and
// what is played.
func (k *conditional) meet(g, d game.Body) {
	k.y = k.Code("y", game.Class, len(k.real.Classes))
	k.play(g, d, game.Given(k.y))
	k.turns(k.discriminator, k.generator)
	k.Sampler("sample", k.sample)
	k.features(game.Label)
}

// made is samples of fresh latents and classes, drawn under a label, and these classes.
func (k *conditional) made(t *game.Turn, label string, p game.Pass) (x, y *graph.Node) {
	drawn := t.Draw(label, 0, k.z, k.y)
	y = drawn.Of(k.y)
	return t.RunAs(p, k.g, drawn.All(), y)[0], y
}

// sample is a latent and a class, and what the generator makes of them.
func (k *conditional) sample(t *game.Turn) {
	drawn := t.Draw("z", 0, k.z, k.y)
	t.Show(game.Samples, k.real, t.Run(k.g, drawn.All(), drawn.Of(k.y))[0])
}

// discriminator tells real samples of classes from generated ones of the same.
func (k *conditional) discriminator(t *game.Turn) {
	real, y := k.batch(t), t.Batch(k.real, game.Label)
	z := t.Draw("z", 0, k.z).All()
	k.tell(t, real, t.RunAs(game.Pass{Label: "z"}, k.g, z, y)[0], y)
}

// generator makes samples of classes that it draws pass for real ones of these.
func (k *conditional) generator(t *game.Turn) {
	fake, y := k.made(t, "g", game.Pass{Label: "z.g", Track: true})
	k.fool(t, fake, y)
}
