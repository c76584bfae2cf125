// A form of the browser's own, not a click that Streamlit hears of: a response takes the cookie back.
export default function ({ parentElement }) {
  const root = parentElement.querySelector(".root");
  if (root.firstChild) return;
  const tabs = new BroadcastChannel("rag-log-out");
  tabs.onmessage = () => setTimeout(() => location.reload(), 1000); // by then the server knows
  const form = element("form", { method: "post", action: "/logout" });
  form.addEventListener("submit", () => tabs.postMessage(""));
  form.append(element("button", {}, "Log out"));
  root.append(form);
  return () => tabs.close();
}
