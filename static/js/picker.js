const all = (mark, from = document) => [...from.querySelectorAll(mark)];
const on = (name, act) => document.addEventListener(name, act);

// The month of the picker: one tab stop, arrows move, choosing stays a press.
let sameDay = 0;
function month(table) {
	if (table.role === "grid") return;
	const seen = () => all("tbody td > *", table).filter((cell) => cell.checkVisibility({ visibilityProperty: true }));
	const day = (cell) => parseInt(cell.textContent, 10);
	const stand = (cell) => {
		all("a, .day", table).forEach((each) => (each.tabIndex = each === cell ? 0 : -1));
		return cell;
	};
	const list = seen();
	const start = list.find((cell) => cell.matches("[data-selected]")) || list.find((cell) => cell.href) || list[0];
	if (!start) return;
	table.role = "grid";
	stand(start);
	if (sameDay) stand(list.find((cell) => day(cell) === sameDay) || start).focus();
	sameDay = 0;
	table.addEventListener("keydown", (event) => {
		const { target, key } = event;
		const list = seen();
		const here = list.indexOf(target);
		if (here < 0 || event.altKey || event.ctrlKey || event.metaKey) return;
		const column = target.parentNode.cellIndex;
		const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7, Home: -column, End: 6 - column }[key];
		if (step !== undefined) {
			const goal = key.startsWith("Arrow") ? here + step : Math.min(Math.max(here + step, 0), list.length - 1);
			if (list[goal]) stand(list[goal]).focus();
		} else if (key === "PageUp" || key === "PageDown") {
			const link = table.parentElement.querySelector(`a[rel~="${key === "PageUp" ? "prev" : "next"}"]`);
			if (link) sameDay = day(target);
			link?.click();
		} else if (key === " ") target.click();
		else return;
		event.preventDefault();
	});
}

all("table.month").forEach(month);
on("htmx:afterSettle", () => all("table.month").forEach(month));

// A time that was chosen and not sent yet goes along to another zone, another service or the whole month.
const goes = ["start", "day", "month"];
const chosen = () => document.querySelector(".slot :checked")?.value;
function keep(address) {
	const to = new URL(address, location.href);
	goes.forEach((name) => to.searchParams.delete(name));
	to.searchParams.set("start", chosen());
	return to.pathname + to.search;
}
on("htmx:configRequest", ({ detail }) => {
	if (!chosen() || !detail.elt.matches("[data-keep], #zonesearch")) return;
	detail.path = keep(detail.path);
	goes.forEach((name) => delete detail.parameters[name]);
});
on("click", ({ target }) => {
	const link = chosen() && target.closest(".zonesearch a");
	if (link) link.href = keep(link.href);
});

// What was pressed last is what is shown, whichever answer comes last.
let latest;
on("htmx:beforeRequest", ({ detail }) => (latest = detail.xhr));
on("htmx:beforeSwap", ({ detail }) => (detail.shouldSwap &&= detail.xhr === latest));

// The service that is ticked is the one whose times are shown, also where its request failed or was overtaken; while
// somebody walks the services, the answer to the last step is still to come.
const agree = () => {
	const { service } = document.querySelector("[data-service]")?.dataset ?? {};
	all(".service input").forEach((radio) => (radio.checked = radio.value === service));
};
on("htmx:afterSwap", ({ detail }) => detail.requestConfig.elt.id === "services" || agree());
const failed = ({ detail }) => detail.xhr === latest && agree();
on("htmx:responseError", failed);
on("htmx:sendError", failed);
addEventListener("pageshow", agree);
