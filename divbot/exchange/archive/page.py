"""The page that the host of files shows to browsers: its script asks S3, and it lists nothing."""

BROWSER_PAGE = b"""<!DOCTYPE html>
<html>
<head><meta charset="utf-8"><title>Binance Data Collection</title></head>
<body>
<h1>Index of the archive</h1>
<ul id="listing"></ul>
<script>
const asked = new URLSearchParams(location.search).get("prefix") || "";
const query = new URLSearchParams({prefix: asked, delimiter: "/"});
fetch("/data.binance.vision?" + query).then(reply => reply.text()).then(text => {
  const xml = new DOMParser().parseFromString(text, "application/xml");
  const show = (name, address) => {
    const link = document.createElement("a");
    link.textContent = name;
    link.href = address;
    document.getElementById("listing").appendChild(document.createElement("li")).append(link);
  };
  for (const each of xml.querySelectorAll("CommonPrefixes > Prefix"))
    show(each.textContent, "/?" + new URLSearchParams({prefix: each.textContent}));
  for (const each of xml.querySelectorAll("Contents > Key"))
    show(each.textContent, "/" + each.textContent.split("/").map(encodeURIComponent).join("/"));
});
</script>
</body>
</html>
"""
