// Loads the page again while it is seen and nothing in it is selected; unlike a timed refresh it can be switched off.
const line = document.getElementById("refresh");
const box = document.createElement("input");
box.type = "checkbox";
box.checked = location.hash !== "#still";
const label = document.createElement("label");
label.append(box, ` Load this page again every ${line.dataset.seconds} seconds`);
line.replaceChildren(label);
box.addEventListener("change", () => {
  history.replaceState(null, "", box.checked ? location.pathname : "#still");
});
setInterval(() => {
  if (box.checked && !document.hidden && getSelection().isCollapsed) location.reload();
}, 1000 * line.dataset.seconds);
