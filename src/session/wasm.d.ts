/** Vite turns `?url` imports into addresses of self-hosted files. */
declare module "*.wasm?url" {
  const url: string;
  export default url;
}
