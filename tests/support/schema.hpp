// schema: whether a JSON text is what a committed JSON Schema says.
//
// RapidJSON validates (draft 4): Debian's package of it is one set of headers that needs nothing else. valijson, the
// other validator for C++ in Debian, brings 87 packages with it, Qt among them; python3-jsonschema would bring an
// interpreter into tests that otherwise need none.
#pragma once

#include <string>
#include <string_view>

namespace fiberlab::test {

// "" when `json` is valid; else what is wrong and where: "/counts/Items In: not". `schema` is a file's
// path from the root of the checkout.
std::string invalidity(std::string_view json, const std::string& schema);

// A whole result: by the schema, and by what a schema can't say (quantiles in order, the verdict that follows from the
// invariants).
std::string invalidity_of_result(std::string_view json);

std::string invalidity_of_event(std::string_view line);

}  // namespace fiberlab::test
