package config

// Data says where real samples come from and how they are made to fit.
type Data struct {
	Kind    string `toml:"kind" default:"glyphs" values:"glyphs|idx|cifar10|folder|zip|tar|npz|csv|mixture" doc:"glyphs: characters drawn from built-in fonts; idx: MNIST files; cifar10: binary batches; folder, zip, tar: images; npz, csv: arrays; mixture: Gaussians"`
	Path    string `toml:"path" default:"" when:"kind=idx|cifar10|folder|zip|tar|npz|csv" doc:"file or directory, which these kinds need"`
	Bad     string `toml:"bad" default:"stop" values:"stop|skip" when:"kind=folder|zip|tar" doc:"what files do that cannot be read; all are named before the first step either way, and a file that goes bad during a run is skipped and counted either way"`
	Glyphs  `when:"kind=glyphs"`
	Images  `when:"kind=glyphs|idx|cifar10|folder|zip|tar|npz|csv"`
	Labels  bool `toml:"labels" default:"false" doc:"use the class labels; that of a point of a mixture is the Gaussian that it is from"`
	Mixture `when:"kind=mixture"`
}

// Stream is a further stream of real samples, by the name of its section.
type Stream struct {
	Name string
	Data
}

// Stream is [data.NAME], or nil.
func (c *Config) Stream(name string) *Data {
	for i := range c.Streams {
		if c.Streams[i].Name == name {
			return &c.Streams[i].Data
		}
	}
	return nil
}

// Glyphs are the keys of drawn characters.
type Glyphs struct {
	Characters string `toml:"characters" default:"" derived:"all: 0-9A-Z" doc:"which ones, in the order of their classes: abc, or 0-9a-f"`
}

// Images are the keys of all data but mixtures. Height, Width and Channels are
// zero where the file decides: csv and npz with dense networks.
type Images struct {
	Size       int    `toml:"size" default:"0" range:"[0,4096]" derived:"height, when the images are square" replaces:"height|width" doc:"height and width in pixels"`
	Height     int    `toml:"height" default:"0" range:"[0,4096]" derived:"size; else what model.kind says" replaces:"size" doc:"height in pixels"`
	Width      int    `toml:"width" default:"0" range:"[0,4096]" derived:"as height" replaces:"size" doc:"width in pixels"`
	Channels   int    `toml:"channels" default:"0" range:"[0,4]" derived:"3; as stored for csv and npz where model.kind takes vectors" doc:"1 grey, 3 colour; images of another kind are converted"`
	Limit      int    `toml:"limit" default:"0" range:"[0,)" doc:"use the first so many samples only; 0 uses all"`
	Mirror     bool   `toml:"mirror" default:"false" doc:"flip each image left to right with probability one half"`
	Fit        string `toml:"fit" default:"auto" values:"auto|pad|crop|stretch" doc:"auto pads images up to four pixels short with the value of their borders, where at least 80% of the border pixels of the first 256 lie within 2 of one value; else it resizes the short side and crops the centre. pad: never enlarges, the minimum value around; crop: short side and centre; stretch: loses proportions"`
	Background string `toml:"background" default:"white" doc:"white, black or #rrggbb: what shows through transparent pixels"`
}

// Mixture is a mixture of Gaussians of equal weight: points in the plane, or
// on a line.
type Mixture struct {
	Layout string  `toml:"layout" default:"ring" values:"ring|grid|line" doc:"ring and grid: points in the plane; line: 1-D"`
	Modes  int     `toml:"modes" default:"8" range:"[1,10000]" doc:"number of Gaussians; a square number for a grid"`
	Radius float64 `toml:"radius" default:"2" range:"(0,)" doc:"radius of the ring; grids and lines reach from -radius to radius"`
	Sigma  float64 `toml:"sigma" default:"0.1" range:"(0,)" doc:"standard deviation of each Gaussian"`
}
