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

// Quick add: the short form in the day itself. Escape and Close give the focus back, Enter saves.
let opener;
function close() {
	document.querySelector(".quickat")?.remove();
	opener?.focus();
	opener = null;
}

// The block that is drawn follows the times that are typed.
const minutes = (value = "") => value.slice(0, 2) * 60 + Number(value.slice(3, 5));
function draw(spot) {
	const { from, hours } = spot.closest(".week").dataset;
	const value = (name) => spot.querySelector(`[name=${name}]`)?.value;
	const start = value("start_at") || value("time");
	if (!start) return;
	const lengths = new URLSearchParams(spot.querySelector(".quick").dataset.lengths);
	const usual = value("minutes") || lengths.get(value("service")) || 60;
	const length = value("end_at") ? minutes(value("end_at")) - minutes(start) : Number(usual);
	const at = Math.floor((minutes(start) - from * 60) / 5);
	spot.hidden = at < 0 || at >= hours * 12;
	spot.dataset.at = Math.min(Math.max(at, 0), hours * 12 - 3);
	spot.dataset.for = Math.min(Math.max(Math.ceil(length / 5), 3), hours * 12 - spot.dataset.at);
	spot.toggleAttribute("data-up", at > hours * 6);
	const end = new Date(Date.UTC(2000, 0, 1, 0, minutes(start) + length)).toISOString().slice(11, 16);
	spot.querySelector(".ev__w").textContent = `${start} to ${end}`;
}

async function quickAdd(column, address, from) {
	const answer = await fetch(address, { headers: { "HX-Request": "true" } });
	const form = await answer.text();
	if (!form.includes('class="quick"')) return location.assign(address);
	document.querySelector(".quickat")?.remove();
	opener = from;
	const spot = document.createElement("li");
	spot.className = "quickat";
	const columns = [...column.parentElement.querySelectorAll(".wday")];
	spot.toggleAttribute("data-end", columns.indexOf(column) >= columns.length / 2);
	spot.innerHTML = '<span class="ev" data-state="draft" aria-hidden="true"><b>New</b><span class="ev__w"></span></span>';
	spot.insertAdjacentHTML("beforeend", form);
	column.querySelector("ol").append(spot);
	htmx.process(spot);
	draw(spot);
	spot.hidden = false;
	spot.querySelector(".quick input:not([type=hidden])").focus();
}
on("click", ({ target }) => target.closest("[data-quick-close]") && close());
on("keydown", ({ key, target }) => key === "Escape" && target.closest(".quick") && close());
on("input", ({ target }) => target.closest(".quick") && draw(target.closest(".quickat")));
on("htmx:afterSettle", ({ target }) => target.closest(".quick") && draw(target.closest(".quickat")));

// A plus and a click of a mouse on free time open it, where there is room. A finger scrolls here. The time is the quarter
// of an hour that was hit.
const isWide = (column) => column.closest(".calcard").clientWidth > 480;
on("click", (event) => {
	const { target, clientY, pointerType, ctrlKey, metaKey, shiftKey } = event;
	const column = target.closest(".wday");
	if (!column || !isWide(column) || ctrlKey || metaKey || shiftKey) return;
	const plus = target.closest(".wday__add");
	if (plus) {
		event.preventDefault();
		return quickAdd(column, plus.href, plus);
	}
	const grid = target.closest(".wday__grid");
	const { day, over = 0 } = column.dataset; // no day where it is over
	if (!grid || !day || target.closest("a, .ev, .quick") || pointerType === "touch" || !matchMedia("(hover: hover)").matches) return;
	const { add, from, hours } = grid.closest("[data-add]").dataset;
	const { top, height } = grid.getBoundingClientRect();
	const hit = Math.min(Math.max((clientY - top) / height, 0), 0.9999) * hours * 12;
	const isIn = ({ dataset: { at, for: rows } }) => hit >= Number(at) && hit < Number(at) + Number(rows);
	if (hit < over || [...grid.querySelectorAll(".shut")].some(isIn)) return;
	const quarter = Math.floor(hit / 3) + from * 4;
	const time = new Date(Date.UTC(2000, 0, 1, 0, quarter * 15)).toISOString().slice(11, 16);
	quickAdd(column, `${add}?date=${day}&start=${time}`, column.querySelector(".wday__add, h3 a"));
});
