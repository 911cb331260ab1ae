const all = (mark, from = document) => [...from.querySelectorAll(mark)];

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
document.addEventListener("htmx:afterSettle", () => all("table.month").forEach(month));
