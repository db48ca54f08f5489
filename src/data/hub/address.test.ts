import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { isHubAddress, parseHubAddress } from "./address.ts";
import { hubPlaces } from "./environment.ts";

test("an address has a repository, and may have a revision and a file", () => {
  const parsed = (text: string) => {
    const { repository, revision, file } = parseHubAddress(text);
    return [repository, revision, file];
  };
  expect(parsed("hf:a/b.c")).toEqual(["a/b.c", "main", undefined]);
  expect(parsed("hf:a/b@v1.0")).toEqual(["a/b", "v1.0", undefined]);
  expect(parsed("hf:a/b/x/model.safetensors")).toEqual(["a/b", "main", "x/model.safetensors"]);
  expect(parsed("hf:a/b@refs/pr/3/m@2.safetensors")).toEqual(["a/b", "refs/pr/3", "m@2.safetensors"]);
  expect(parsed("hf:a/b@fix%2Fnames/m.safetensors")).toEqual(["a/b", "fix/names", "m.safetensors"]);
  expect(isHubAddress("hf/model.safetensors")).toBe(false);
});

test.each([
  "hf:gpt2",
  "hf:/b",
  "hf:a/..",
  "hf:a--b/c",
  "hf:a/b@",
  "hf:a/b@..",
  "hf:a/b@..%2F..%2Fx",
  "hf:a/b/../x",
  "hf:a/b//x",
  "hf:a/b/x\\y",
  "hf:a/b/x\n",
  "hf:a/b/",
])("%j is refused, with the form", (text) => {
  expect(() => parseHubAddress(text)).toThrow("expected hf:OWNER/NAME");
});

test("places follow the variables of Hugging Face's library", () => {
  const home = join(homedir(), ".cache", "huggingface");
  expect(hubPlaces({ HF_TOKEN_PATH: "/none" })).toEqual({
    ...{ endpoint: "https://huggingface.co", cache: join(home, "hub"), offline: false },
  });
  const given = { HF_HOME: "/h", HF_ENDPOINT: "http://m/", HF_TOKEN: " t\n", TRANSFORMERS_OFFLINE: "1" };
  expect(hubPlaces(given)).toEqual({ endpoint: "http://m", cache: "/h/hub", offline: true, token: "t" });
  expect(hubPlaces({ ...given, HF_HUB_DISABLE_IMPLICIT_TOKEN: "yes" }).token).toBeUndefined();
  expect(hubPlaces({ HF_HUB_CACHE: "~/c", HF_HOME: tmpdir() }).cache).toBe(join(homedir(), "c"));
  expect(hubPlaces({ XDG_CACHE_HOME: "/x", HF_HUB_OFFLINE: "0" })).toMatchObject({
    ...{ cache: "/x/huggingface/hub", offline: false },
  });
});
