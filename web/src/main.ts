// The console's entry: styles and the root component. Nothing else starts here.
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/components.css";
import { mount } from "svelte";
import App from "./App.svelte";

const target = document.getElementById("app");
if (target === null) throw new Error("index.html has no element with id 'app'");

export default mount(App, { target });
