// A click into the week leads to the page that says why that quarter of an hour is offered or not.
document.addEventListener("click", ({ target, clientY }) => {
	const grid = target.closest(".wday__grid");
	if (!grid || target.closest("a")) return;
	const { ask, from, hours } = grid.closest("[data-ask]").dataset;
	const { top, height } = grid.getBoundingClientRect();
	const quarter = Math.floor(((clientY - top) / height) * hours * 4) + from * 4;
	const time = new Date(Date.UTC(2000, 0, 1, 0, quarter * 15)).toISOString().slice(11, 16);
	location.assign(`${ask}?date=${grid.closest(".wday").querySelector("time").dateTime}&time=${time}`);
});
