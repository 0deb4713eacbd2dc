// A webpack loader: a style sheet without its comments and most of its spaces. It knows no CSS beyond that, so
// strings in it must not hold what it takes away.
module.exports = (css) =>
  css
    .replace(/\/\*[^]*?\*\//g, '')
    .replace(/\s+/g, ' ')
    .replace(/ ?([{};,>]) ?/g, '$1')
    .replace(/: /g, ':')
    .replace(/;}/g, '}');
