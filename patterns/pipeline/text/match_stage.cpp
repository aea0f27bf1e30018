#include <cstring>

#include "patterns/pipeline/text/line_finder.hpp"
#include "patterns/pipeline/text/stages.hpp"

namespace fiberlab::pipeline_text {

namespace {

class match_stage final : public text_stage {
public:
    explicit match_stage(pattern what) : finder_{std::move(what), line_finder::lines_only} {}

    // Lines are moved together as they are found, a run of neighbours at a time; a block that matches as a whole stays
    // where it is.
    std::expected<progress, std::string> transform(block& b) override {
        if (b.empty()) {
            return progress::done;
        }
        if (b.back() != '\n') {
            b += '\n';
        }
        finder_.open(b);
        range run;
        std::size_t kept = 0;
        const auto keep_run = [&] {
            if (kept != run.begin) {
                std::memmove(b.data() + kept, b.data() + run.begin, run.end - run.begin);
            }
            kept += run.end - run.begin;
        };
        for (std::size_t from = 0; from < b.size();) {
            const auto hit = finder_.next(from);
            if (!hit) {
                return std::unexpected{"match: " + hit.error()};
            }
            if (!*hit) {
                break;
            }
            const range line = finder_.line();
            from = line.end + 1;
            if (line.begin != run.end) {
                keep_run();
                run.begin = line.begin;
            }
            run.end = from;
        }
        keep_run();
        b.resize(kept);
        return progress::done;
    }

private:
    line_finder finder_;
};

}  // namespace

std::unique_ptr<text_stage> make_match(pattern what) {
    return std::make_unique<match_stage>(std::move(what));
}

}  // namespace fiberlab::pipeline_text
