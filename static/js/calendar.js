const on = (name, act) => document.addEventListener(name, act);

// The line of the present time moves on.
const shown = new WeakMap();
function moveOn() {
	document.querySelectorAll(".week__now").forEach((line) => {
		if (!shown.has(line)) shown.set(line, { first: Number(line.dataset.at), since: Date.now() });
		const { first, since } = shown.get(line);
		const at = first + Math.floor((Date.now() - since) / 300000);
		if (at >= Number(line.closest(".week").dataset.hours) * 12) line.remove();
		else line.dataset.at = at;
	});
}
moveOn();
setInterval(moveOn, 60000);

// A date that was picked is gone to at once, one that is typed a moment after its last key.
let isTyped, soon;
const jump = (target) => target.closest(".calbar__jump input");
on("keydown", ({ target }) => (isTyped = jump(target) || isTyped));
on("pointerdown", ({ target }) => jump(target) && (isTyped = null));
on("change", ({ target }) => {
	if (!jump(target)) return;
	clearTimeout(soon);
	const go = () => target.isConnected && target.validity.valid && target.form.requestSubmit();
	soon = setTimeout(go, isTyped ? 1000 : 0);
});

// What was pressed last is what is shown, whichever answer comes last.
let latest;
on("htmx:beforeRequest", ({ detail }) => (latest = detail.xhr));
on("htmx:beforeSwap", ({ detail }) => (detail.shouldSwap &&= detail.xhr === latest));

// What leads elsewhere, as when the page is a draft or hidden by now, is gone to.
on("htmx:beforeSwap", ({ detail: { xhr, target }, detail }) => {
	if (!detail.shouldSwap || target.id !== "cal" || xhr.responseText.includes('id="cal"')) return;
	detail.shouldSwap = false;
	location.assign(xhr.responseURL);
});

// What was pressed and is gone from the page that came leaves the focus to its headline.
on("htmx:afterSettle", ({ target }) => {
	if (target.id !== "cal") return;
	moveOn();
	if (document.activeElement === document.body) target.querySelector("h1").focus({ preventScroll: true });
});

// A click of a mouse on free time adds something there, at the quarter of an hour that was hit. A finger scrolls here.
on("click", ({ target, clientY, pointerType }) => {
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
