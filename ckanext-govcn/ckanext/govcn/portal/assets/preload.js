window.preload_resource = JSON.parse(document.getElementById("preload-resource").textContent);
