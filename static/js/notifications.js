// How much stands for a choice of topics, each of which can still be changed.
const form = document.querySelector("[data-presets]");
form.addEventListener("change", ({ target }) => {
	if (target.name !== "much") return;
	form.elements.was.value = target.value;
	if (target.value === "own") return;
	for (const box of form.querySelectorAll("[data-in]")) box.checked = box.dataset.in.split(" ").includes(target.value);
});
