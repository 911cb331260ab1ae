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
