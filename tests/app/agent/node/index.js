// One function, as it is deployed to Cloud Run functions (run unchanged by @google-cloud/functions-framework) and to Lambda (run by aws-lambda-ric).
const functions = require('@google-cloud/functions-framework');

function score(n) {
  let x = 0;
  for (let i = 0; i < 4e6; ++i) x += n * i % 7;
  return {x};
}
functions.http('score', (request, response) => response.json(score(request.body.n ?? 1)));
exports.handler = async (event) => score(event.n ?? 1);
