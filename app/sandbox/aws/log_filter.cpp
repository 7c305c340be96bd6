#include "app/sandbox/aws/log_filter.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>

namespace pilotlight::sandbox {

using nlohmann::json;

struct LogFilter::Node {
    enum class Kind { both, either, compare } kind = Kind::compare;
    std::unique_ptr<Node> left, right;
    std::vector<std::string> path;
    std::string op;  // = != < > <= >= null exists missing
    std::string text;
    bool is_number = false;
    double number = 0;
};

namespace {

// `*` stands for any text. Greedy with one point to come back to: linear in practice, never exponential.
bool wildcard(std::string_view pattern, std::string_view text) {
    std::size_t p = 0, t = 0, star = std::string_view::npos, resume = 0;
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            resume = t;
        } else if (p < pattern.size() && pattern[p] == text[t]) {
            ++p;
            ++t;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            t = ++resume;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*') ++p;
    return p == pattern.size();
}

class Parser {
public:
    explicit Parser(std::string_view text) : text_(text) {}
    std::unique_ptr<LogFilter::Node> parse() {
        auto node = either(0);
        skip();
        return node && at_ == text_.size() ? std::move(node) : nullptr;
    }

private:
    using Node = LogFilter::Node;
    void skip() {
        while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
    }
    bool take(std::string_view token) {
        skip();
        if (text_.substr(at_, token.size()) != token) return false;
        at_ += token.size();
        return true;
    }
    std::unique_ptr<Node> chain(const char* token, Node::Kind kind, int depth) {
        auto left = kind == Node::Kind::either ? chain("&&", Node::Kind::both, depth) : single(depth);
        while (left && take(token)) {
            auto node = std::make_unique<Node>();
            node->kind = kind;
            node->left = std::move(left);
            node->right = kind == Node::Kind::either ? chain("&&", Node::Kind::both, depth) : single(depth);
            if (!node->right) return nullptr;
            left = std::move(node);
        }
        return left;
    }
    std::unique_ptr<Node> either(int depth) { return depth > 20 ? nullptr : chain("||", Node::Kind::either, depth); }
    std::unique_ptr<Node> single(int depth) {
        if (take("(")) {
            auto inside = either(depth + 1);
            return inside && take(")") ? std::move(inside) : nullptr;
        }
        auto node = std::make_unique<Node>();
        if (!take("$")) return nullptr;
        while (at_ < text_.size() && text_[at_] == '.') {
            ++at_;
            std::string name;
            while (at_ < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[at_])) || text_[at_] == '_' || text_[at_] == '-'))
                name += text_[at_++];
            if (name.empty()) return nullptr;
            node->path.push_back(name);
        }
        if (node->path.empty()) return nullptr;
        if (take("IS NULL")) return node->op = "null", std::move(node);
        if (take("NOT EXISTS")) return node->op = "missing", std::move(node);
        if (take("EXISTS")) return node->op = "exists", std::move(node);
        for (const char* op : {"!=", ">=", "<=", "=", ">", "<"})
            if (node->op.empty() && take(op)) node->op = op;
        if (node->op.empty()) return nullptr;
        skip();
        if (at_ < text_.size() && text_[at_] == '"') {
            ++at_;
            while (at_ < text_.size() && text_[at_] != '"') node->text += text_[at_++];
            if (at_ == text_.size()) return nullptr;
            ++at_;
        } else {
            while (at_ < text_.size() && text_[at_] != ' ' && text_[at_] != ')' && text_[at_] != '&' && text_[at_] != '|')
                node->text += text_[at_++];
            char* end = nullptr;
            node->number = std::strtod(node->text.c_str(), &end);
            node->is_number = !node->text.empty() && *end == '\0' && std::isfinite(node->number);
        }
        return node->text.empty() ? nullptr : std::move(node);
    }
    std::string_view text_;
    std::size_t at_ = 0;
};

bool evaluate(const LogFilter::Node& node, const json& value) {
    using Kind = LogFilter::Node::Kind;
    if (node.kind == Kind::both) return evaluate(*node.left, value) && evaluate(*node.right, value);
    if (node.kind == Kind::either) return evaluate(*node.left, value) || evaluate(*node.right, value);
    const json* at = &value;
    for (const auto& name : node.path) {
        if (!at->is_object() || !at->contains(name)) return node.op == "missing";
        at = &(*at)[name];
    }
    if (node.op == "null") return at->is_null();
    if (node.op == "exists") return true;
    if (node.op == "missing") return false;
    if (node.is_number) {
        if (!at->is_number()) return false;
        const double v = at->get<double>();
        if (node.op == "=") return v == node.number;
        if (node.op == "!=") return v != node.number;
        if (node.op == ">") return v > node.number;
        if (node.op == "<") return v < node.number;
        return node.op == ">=" ? v >= node.number : v <= node.number;
    }
    if (at->is_structured()) return node.op == "!=";
    const bool same = wildcard(node.text, at->is_string() ? at->get_ref<const std::string&>() : at->dump());
    return node.op == "=" ? same : node.op == "!=" && !same;
}

}  // namespace

LogFilter::LogFilter() = default;
LogFilter::~LogFilter() = default;
LogFilter::LogFilter(LogFilter&&) noexcept = default;
LogFilter& LogFilter::operator=(LogFilter&&) noexcept = default;

std::optional<LogFilter> LogFilter::parse(std::string_view pattern) {
    LogFilter filter;
    const auto first = pattern.find_first_not_of(" \t");
    if (first == std::string_view::npos) return filter;
    pattern = pattern.substr(first, pattern.find_last_not_of(" \t") - first + 1);
    if (pattern.front() == '{') {
        if (pattern.back() != '}' || pattern.size() > 1024) return std::nullopt;
        filter.json_ = Parser(pattern.substr(1, pattern.size() - 2)).parse();
        if (!filter.json_) return std::nullopt;
        return filter;
    }
    std::size_t i = 0;
    while (i < pattern.size()) {
        if (pattern[i] == ' ') {
            ++i;
            continue;
        }
        auto* list = &filter.all_;
        if (pattern[i] == '-' || pattern[i] == '?') {
            list = pattern[i] == '-' ? &filter.none_ : &filter.any_;
            ++i;
        }
        std::string term;
        if (i < pattern.size() && pattern[i] == '"') {
            const auto end = pattern.find('"', i + 1);
            if (end == std::string_view::npos) return std::nullopt;
            term = pattern.substr(i + 1, end - i - 1);
            i = end + 1;
        } else {
            const auto end = std::min(pattern.find(' ', i), pattern.size());
            term = pattern.substr(i, end - i);
            // Bare terms are alphanumeric; anything else must be quoted.
            if (std::any_of(term.begin(), term.end(), [](unsigned char c) { return !std::isalnum(c) && c != '_'; })) return std::nullopt;
            i = end;
        }
        if (term.empty()) return std::nullopt;
        list->push_back(term);
    }
    return filter;
}

bool LogFilter::matches(const std::string& message) const {
    if (json_) {
        const json value = json::parse(message, nullptr, false);
        return value.is_object() && evaluate(*json_, value);
    }
    const auto holds = [&](const std::string& term) { return message.find(term) != std::string::npos; };
    return std::all_of(all_.begin(), all_.end(), holds) && std::none_of(none_.begin(), none_.end(), holds) &&
           (any_.empty() || std::any_of(any_.begin(), any_.end(), holds));
}

bool LogFilter::demands(std::string_view term) const {
    return std::any_of(all_.begin(), all_.end(), [&](const std::string& t) { return t.find(term) != std::string::npos; });
}

}  // namespace pilotlight::sandbox
