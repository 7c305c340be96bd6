// The text of resources/prices/aws-lambda.json, compiled in.
#pragma once

#include <string_view>

namespace pilotlight::pricing {

[[nodiscard]] std::string_view bundledAwsLambdaJson();

}  // namespace pilotlight::pricing
