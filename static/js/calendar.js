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

// A click on free time adds something there, at the quarter of an hour that was hit.
document.addEventListener("click", ({ target, clientY }) => {
	const grid = target.closest(".wday__grid");
	const day = grid?.closest(".wday").dataset.day; // not where it is over
	if (!day || target.closest("a, .ev")) return;
	const { add, from, hours } = grid.closest("[data-add]").dataset;
	const { top, height } = grid.getBoundingClientRect();
	const quarter = Math.floor(((clientY - top) / height) * hours * 4) + from * 4;
	const time = new Date(Date.UTC(2000, 0, 1, 0, quarter * 15)).toISOString().slice(11, 16);
	location.assign(`${add}?date=${day}&start=${time}`);
});
