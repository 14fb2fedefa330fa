export function findKubernetesNode(): { readonly kubeletFolder: string; readonly containerdFolder: string } | null;
