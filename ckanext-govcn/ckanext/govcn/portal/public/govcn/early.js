document.documentElement.classList.add("g-js");
