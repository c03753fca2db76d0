
(() => {
	"use strict";
	const find = id => document.getElementById(id);
	const read = id => JSON.parse(find(id).textContent);
	const data = read("data"), all = read("pictures"), pictures = group => all.filter(p => p.group === group);
	const style = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
	const count = n => Math.round(n).toLocaleString("en");

	// number is a value for people: four digits.
	const number = x => {
		if (x == null) return "–";
		const a = Math.abs(x);
		if (a >= 1e6 || (a > 0 && a < 1e-3)) return x.toExponential(2);
		return a >= 1e4 ? count(x) : String(+x.toPrecision(4));
	};

	for (const t of document.querySelectorAll("time")) t.title = new Date(t.dateTime).toLocaleString();

	// The page of a run that trains loads itself again where that is wanted.
	const follow = find("follow");
	if (follow) {
		let timer;
		const set = () => {
			clearTimeout(timer);
			if (follow.checked) timer = setTimeout(() => location.reload(), 15000);
		};
		follow.checked = location.hash === "#follow";
		follow.addEventListener("change", () => {
			history.replaceState(null, "", follow.checked ? "#follow" : "#");
			set();
		});
		set();
	}

	for (const f of document.querySelectorAll("figure[data-picture]")) {
		const [picture] = pictures(f.dataset.picture);
		if (picture) show(f, picture);
		else f.hidden = true;
	}
	if (find("samples-section")) samples();
	if (find("curves-section")) curves();

	// samples shows one grid at a time, the last one first.
	function samples() {
		const section = find("samples-section"), slider = find("slider");
		const grids = pictures("grids"), reals = pictures("reals")[0];
		if (!grids.length && !reals) return;
		section.hidden = false;
		if (reals) show(find("reals"), reals, "A grid of real samples, from the data", "Data: real samples" + said(reals));
		else find("reals").hidden = true;
		const n = grids.length, out = find("at"), play = find("play");
		if (!n) return void (find("fakes").hidden = slider.parentElement.hidden = true);
		slider.max = n - 1;
		slider.value = n - 1;
		slider.disabled = play.disabled = n < 2;
		const go = () => {
			const at = +slider.value, grid = grids[at], step = "step " + count(grid.step);
			show(find("fakes"), grid, "A grid of generated samples at " + step, "Generated at " + step + said(grid));
			out.textContent = count(grid.step) + " (" + (at + 1) + " of " + n + ")";
			slider.setAttribute("aria-valuetext", step);
		};
		slider.addEventListener("input", () => { stop(); go(); });
		let timer = null;
		const stop = () => {
			clearInterval(timer);
			timer = null;
			play.textContent = "▶";
			play.setAttribute("aria-label", "Play the grids");
		};
		play.addEventListener("click", () => {
			if (timer !== null) return stop();
			if (+slider.value === n - 1) slider.value = 0;
			go();
			play.textContent = "⏸";
			play.setAttribute("aria-label", "Pause");
			timer = setInterval(() => {
				slider.value = +slider.value + 1;
				go();
				if (+slider.value === n - 1) stop();
			}, 300);
		});
		go();
	}

	// show puts a picture into a figure. Pixels stay squares, unless the picture has more of them than the screen.
	function show(figure, picture, alt, caption) {
		const img = figure.querySelector("img");
		img.onload = () => figure.classList.toggle("smooth", img.naturalWidth > img.clientWidth * devicePixelRatio);
		img.src = picture.src;
		if (alt) img.alt = alt;
		if (caption) figure.querySelector("figcaption").textContent = caption;
	}

	function said(picture) {
		return (picture.file ? " · " + picture.file : "") + (picture.note ? " (" + picture.note + ")" : "");
	}

	// curves draws every chart; all show the same steps.
	function curves() {
		const section = find("curves-section"), drawn = [];
		if (!data.charts) return;
		let first = Infinity, last = -Infinity;
		for (const t of data.tables) if (t.x && t.x.length) {
			first = Math.min(first, t.x[0]);
			last = Math.max(last, t.x[t.x.length - 1]);
		}
		if (first > last) return;
		section.hidden = false;
		let from = first, to = last;
		// zoom has all charts show these steps.
		const zoom = (a, b) => {
			const least = Math.max(1, (last - first) / 1000);
			if (b - a < least) [a, b] = [(a + b - least) / 2, (a + b + least) / 2];
			from = Math.max(first, a);
			to = Math.min(last, b);
			for (const u of drawn) u.setScale("x", { min: from, max: to > from ? to : from + 1 });
		};
		const keys = e => {
			const span = to - from, at = { "+": [span / 4, -span / 4], "=": [span / 4, -span / 4], "-": [-span / 2, span / 2],
				ArrowLeft: from > first ? [-Math.min(span / 5, from - first), -Math.min(span / 5, from - first)] : null,
				ArrowRight: to < last ? [Math.min(span / 5, last - to), Math.min(span / 5, last - to)] : null, "0": [first - from, last - to] }[e.key];
			if (!at || e.ctrlKey || e.metaKey || e.altKey) return;
			e.preventDefault();
			zoom(from + at[0], to + at[1]);
		};
		for (const chart of data.charts) {
			const box = document.createElement("div"), title = document.createElement("h3"), note = document.createElement("p");
			box.className = "chart";
			title.textContent = chart.title;
			note.textContent = chart.note || "";
			box.append(title, note);
			box.tabIndex = 0;
			box.setAttribute("role", "img");
			box.addEventListener("keydown", keys);
			find("charts").append(box);
			drawn.push(draw(chart, box, zoom, () => zoom(first, last)));
		}
		zoom(first, last);
		for (const b of document.querySelectorAll("[data-zoom]"))
			b.addEventListener("click", () => zoom(last - (last - first) * b.dataset.zoom, last));
		find("smooth").addEventListener("input", e => drawn.forEach(u => u.smooth(+e.target.value)));
		matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => drawn.forEach(u => u.redraw(false, true)));
		new ResizeObserver(() => drawn.forEach(u => {
			const width = u.root.parentElement.clientWidth;
			if (width > 0 && width !== u.width) u.setSize({ width, height: u.height });
		})).observe(find("charts"));
	}

	// columns are a chart's numbers on one axis.
	function columns(chart) {
		const tables = chart.series.map(s => {
			const t = data.tables[s.table], y = (t.y[s.key] || []).map(v => v == null ? null : v * (s.times || 1));
			return [t.x, y];
		});
		const same = chart.series.every(s => s.table === chart.series[0].table);
		return same ? [tables[0][0], ...tables.map(t => t[1])] : uPlot.join(tables);
	}

	// smoothed is the exponential average of a curve, as if it had begun long ago with its first values.
	function smoothed(y, keep) {
		let sum = 0, weight = 0;
		return y.map(v => {
			if (v == null) return null;
			sum = keep * sum + (1 - keep) * v;
			weight = keep * weight + (1 - keep);
			return sum / weight;
		});
	}

	function draw(chart, box, zoom, all) {
		const raw = columns(chart);
		const ink = name => () => style(name);
		const axis = { stroke: ink("--dim"), grid: { stroke: ink("--grid"), width: 1 }, ticks: { stroke: ink("--line"), width: 1, size: 4 }, font: "12px system-ui, sans-serif" };
		const lastOf = y => y.reduce((at, v, i) => v == null ? at : i, -1);
		const end = Math.max(...raw.slice(1).map(lastOf));
		const dashes = [[], [6, 4], [2, 3], [9, 3, 2, 3]];
		const u = new uPlot({
			width: Math.max(200, box.clientWidth), height: 210,
			padding: [8, 22, 0, 0],
			scales: { x: { time: false }, y: { range: (u, lo, hi) => lo == null ? [0, 1] : lo === hi ? [lo - (Math.abs(lo) || 1) / 2, hi + (Math.abs(hi) || 1) / 2] : uPlot.rangeNum(lo, hi, 0.08, false) } },
			axes: [
				{ ...axis, size: 30, values: (u, ticks) => ticks.map(t => t >= 1e4 ? +(t / 1000).toPrecision(6) + "k" : Number.isInteger(t) ? String(t) : "") },
				{ ...axis, size: 58, values: (u, ticks) => ticks.map(number) },
			],
			series: [{ label: "step", value: (u, v) => v == null ? "–" : count(v) }, ...chart.series.map((s, i) => ({
				label: s.label, stroke: ink("--c" + s.color), width: 1.6, spanGaps: true, dash: dashes[s.dash || 0],
				points: { show: chart.points || raw[0].length < 40, size: 5 }, value: (u, v) => number(v),
			}))],
			cursor: {
				drag: { x: true, y: false, setScale: false }, points: { size: 6 },
				sync: { key: "steps", filters: { pub: type => type === "mousemove" || type === "mouseleave" } },
				bind: { dblclick: () => () => { all(); return null; } },
			},
			hooks: {
				setSelect: [u => {
					const { left, width } = u.select;
					if (width < 4) return;
					u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
					zoom(u.posToVal(left, "x"), u.posToVal(left + width, "x"));
				}],
				setCursor: [u => { if (u.cursor.idx == null && end >= 0) u.setLegend({ idx: end }, false); }],
			},
		}, raw, box);
		if (end >= 0) u.setLegend({ idx: end }, false);
		const values = chart.series.map((s, i) => s.label + " " + number(raw[i + 1][lastOf(raw[i + 1])])).join(", ");
		box.setAttribute("aria-label", chart.title + " by step" + (end >= 0 ? "; at step " + count(raw[0][end]) + ": " + values : ""));
		u.smooth = keep => {
			const { min, max } = u.scales.x;
			u.setData([raw[0], ...raw.slice(1).map(y => keep > 0 ? smoothed(y, keep) : y)], false);
			u.setScale("x", { min, max });
		};
		return u;
	}
})();
