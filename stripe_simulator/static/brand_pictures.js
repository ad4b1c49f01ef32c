// Small pictures of card brands, as SVG.

const draw = (content) => `<svg viewBox="0 0 28 19">${content}</svg>`;

export const BRAND_PICTURES = {
  visa: draw(
    '<rect width="28" height="19" rx="3" fill="#1434cb"/>' +
      '<text x="14" y="13" font-family="Arial,sans-serif" font-style="italic" font-weight="900" font-size="9" ' +
      'fill="#fff" text-anchor="middle">VISA</text>',
  ),
  mastercard: draw(
    '<rect width="28" height="19" rx="3" fill="#252525"/>' +
      '<circle cx="11" cy="9.5" r="5.5" fill="#eb001b"/>' +
      '<circle cx="17" cy="9.5" r="5.5" fill="#f79e1b"/>' +
      '<path d="M14 4.9a5.5 5.5 0 0 1 0 9.2 5.5 5.5 0 0 1 0-9.2Z" fill="#ff5f00"/>',
  ),
  amex: draw(
    '<rect width="28" height="19" rx="3" fill="#016fd0"/>' +
      '<text x="14" y="12.4" font-family="Arial,sans-serif" font-weight="900" font-size="7" ' +
      'fill="#fff" text-anchor="middle">AMEX</text>',
  ),
  discover: draw(
    '<rect width="28" height="19" rx="3" fill="#fff" stroke="#d5d7de"/>' +
      '<path d="M28 11v5a3 3 0 0 1-3 3H10c8-1 14-4 18-8Z" fill="#f48120"/>' +
      '<text x="14" y="9.5" font-family="Arial,sans-serif" font-weight="700" font-size="5" ' +
      'fill="#231f20" text-anchor="middle">DISCOVER</text>',
  ),
  other: draw(
    '<rect width="28" height="19" rx="3" fill="#8792a2"/>' +
      '<rect y="5" width="28" height="4" fill="#5f6b7c"/>' +
      '<rect x="4" y="12.5" width="9" height="2" rx="1" fill="#fff"/>',
  ),
};
