// The print button of an invoice: it is there only where a script can do what it says.
const button = document.getElementById("print");
button.hidden = false;
button.addEventListener("click", () => window.print());
