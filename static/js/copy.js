// [data-copy] copies the field of that id. Without a clipboard the button stays hidden, and the field can be selected.
document.querySelectorAll("[data-copy]").forEach((button) => {
	button.hidden = !navigator.clipboard;
	button.addEventListener("click", async () => {
		const field = document.getElementById(button.dataset.copy);
		field.select();
		await navigator.clipboard.writeText(field.value);
		button.querySelector("[data-label]").textContent = "Copied";
	});
});
