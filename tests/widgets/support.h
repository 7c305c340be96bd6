// QTEST main with our theme; offscreen unless told otherwise.
#pragma once

#include <QApplication>
#include <QTest>

#include "widgets/theme.h"

#define PILOTLIGHT_WIDGET_TEST(Class)                                                                \
    int main(int argc, char** argv) {                                                                \
        if (qEnvironmentVariableIsEmpty("QT_QPA_PLATFORM")) qputenv("QT_QPA_PLATFORM", "offscreen"); \
        QApplication application(argc, argv);                                                        \
        pilotlight::widgets::Theme::instance().install(application);                                 \
        Class test;                                                                                  \
        return QTest::qExec(&test, argc, argv);                                                      \
    }
