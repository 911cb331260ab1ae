// For pages that stay open. [data-poll] asks every 30 seconds what is new, while it is seen and nothing else is under way.
const polls = (what) => document.querySelectorAll("[data-poll]").forEach((box) => htmx.trigger(box, what));
const poll = () => document.hidden || document.querySelector(".htmx-request, dialog[open]") || polls("poll");
setInterval(poll, 30000);
document.addEventListener("visibilitychange", poll);
addEventListener("pageshow", ({ persisted }) => persisted && poll());

// What is sent makes an answer to a poll before it stale.
document.addEventListener("htmx:beforeRequest", ({ detail }) => {
	if (detail.requestConfig.verb === "post") polls("htmx:abort");
});

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
