// The line of the present time moves on.
const opened = Date.now();
document.querySelectorAll(".week__now").forEach((line) => {
	const first = Number(line.dataset.at);
	const last = Number(line.closest(".week").dataset.hours) * 12;
	setInterval(() => {
		const at = first + Math.floor((Date.now() - opened) / 300000);
		if (at >= last) line.remove();
		else line.dataset.at = at;
	}, 60000);
});

document.querySelectorAll("[data-print]").forEach((button) => button.addEventListener("click", () => print()));

// A click of a mouse on free time adds something there, at the quarter of an hour that was hit. A finger scrolls here.
document.addEventListener("click", ({ target, clientY, pointerType }) => {
	const grid = target.closest(".wday__grid");
	const { day, over = 0 } = grid?.closest(".wday").dataset ?? {}; // no day where it is over
	if (!day || target.closest("a, .ev") || pointerType === "touch" || !matchMedia("(hover: hover)").matches) return;
	const { add, from, hours } = grid.closest("[data-add]").dataset;
	const { top, height } = grid.getBoundingClientRect();
	const hit = Math.min(Math.max((clientY - top) / height, 0), 0.9999) * hours * 12;
	const isIn = ({ dataset: { at, for: rows } }) => hit >= Number(at) && hit < Number(at) + Number(rows);
	if (hit < over || [...grid.querySelectorAll(".shut")].some(isIn)) return;
	const quarter = Math.floor(hit / 3) + from * 4;
	const time = new Date(Date.UTC(2000, 0, 1, 0, quarter * 15)).toISOString().slice(11, 16);
	location.assign(`${add}?date=${day}&start=${time}`);
});
