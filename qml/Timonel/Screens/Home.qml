import QtQuick
import QtQuick.Controls.Basic
import QtQuick.Layouts
import Timonel.Engine
import Timonel.Controls

Flickable {
    id: root
    signal open(string id)
    signal startOver(string id)
    signal openFree(bool anew)
    contentHeight: page.implicitHeight + 64
    boundsBehavior: Flickable.StopAtBounds
    ScrollBar.vertical: ScrollBar {}
    readonly property var domainNames: ({ troubleshooting: qsTr("Troubleshooting"), architecture: qsTr("Cluster architecture"), services: qsTr("Services and networking"), workloads: qsTr("Workloads and scheduling"), storage: qsTr("Storage") })
    function clock(s) { return Math.floor(s / 3600).toString().padStart(2, "0") + ":" + (Math.floor(s / 60) % 60).toString().padStart(2, "0") + ":" + (s % 60).toString().padStart(2, "0") }
    readonly property var kindNames: ({ lesson: qsTr("Lesson"), drill: qsTr("Drill"), exam: qsTr("Exam") })

    ColumnLayout {
        id: page
        x: Math.max(24, (root.width - width) / 2)
        y: 28
        width: Math.min(root.width - 48, 1080 * Theme.scale)
        spacing: 20

        ColumnLayout {
            spacing: 2
            TText { text: qsTr("Take the helm"); size: 28; strong: true }
            TText { text: qsTr("A whole Kubernetes cluster runs inside this window. Break it, repair it, understand it."); quiet: true; size: 15; Layout.fillWidth: true }
        }

        GridLayout {
            id: doors
            readonly property bool going: Lab.resume.id !== undefined
            Layout.fillWidth: true
            columns: root.width > 860 * Theme.scale ? (going && root.width > 1040 * Theme.scale ? 3 : 2) : 1
            columnSpacing: 16
            rowSpacing: 16

            Card { // an attempt that was left open, or the next step
                id: next
                readonly property var what: doors.going ? Lab.resume : Lab.recommended
                emphasised: true
                label: doors.going ? qsTr("Continue: %1").arg(what.title || "") : qsTr("Next: %1").arg(what.task || "")
                Layout.fillWidth: true
                Layout.preferredWidth: 3
                Layout.fillHeight: true
                visible: what.id !== undefined
                onPressed: root.open(what.id)
                ColumnLayout {
                    width: parent.width
                    height: next.height - 32 * Theme.scale
                    spacing: 8
                    RowLayout {
                        spacing: 8
                        Pill { text: doors.going ? qsTr("Left open") : qsTr("Recommended next"); ink: Theme.accent }
                        Pill { text: root.kindNames[next.what.kind] || "" }
                    }
                    TText { text: next.what.title || ""; size: 20; strong: true; Layout.fillWidth: true }
                    TText { text: doors.going ? (next.what.kind === "lesson" ? qsTr("Step %1 of %2: %3") : qsTr("Task %1 of %2: %3")).arg(next.what.number).arg(next.what.tasks).arg(next.what.task) : next.what.task || ""; size: 15; Layout.fillWidth: true }
                    TText {
                        quiet: true
                        Layout.fillWidth: true
                        text: doors.going ? (next.what.secondsLeft >= 0 ? qsTr("The clock stands at %1 and goes on when you do.").arg(root.clock(next.what.secondsLeft)) : qsTr("The cluster, your terminals and files are as you left them."))
                            : next.what.tried ? qsTr("You have tried it before, and some checks were still open.") : qsTr("It is the first one you have not done yet, in the order of the course.")
                    }
                    Item { Layout.fillHeight: true }
                    TButton { kind: "primary"; iconName: "play"; text: doors.going ? qsTr("Continue") : qsTr("Start"); onClicked: root.open(next.what.id) }
                }
            }

            Card {
                id: advice
                readonly property var what: Lab.recommended
                label: qsTr("Next: %1").arg(what.task || "")
                Layout.fillWidth: true
                Layout.preferredWidth: 2
                Layout.fillHeight: true
                visible: doors.going && what.id !== undefined && what.id !== Lab.resume.id
                onPressed: root.open(what.id)
                ColumnLayout {
                    width: parent.width
                    height: advice.height - 32 * Theme.scale
                    spacing: 8
                    Pill { text: qsTr("Recommended next") }
                    TText { text: advice.what.title || ""; size: 15; strong: true; Layout.fillWidth: true }
                    TText { text: advice.what.task || ""; quiet: true; Layout.fillWidth: true }
                    Item { Layout.fillHeight: true }
                    TButton { iconName: "play"; text: qsTr("Start"); onClicked: root.open(advice.what.id) }
                }
            }

            Card {
                id: free
                Layout.columnSpan: doors.columns === 2 && advice.visible ? 2 : 1
                label: qsTr("Free cluster")
                Layout.fillWidth: true
                Layout.preferredWidth: 2
                Layout.fillHeight: true
                onPressed: root.openFree(false)
                ColumnLayout {
                    width: parent.width
                    height: free.height - 32 * Theme.scale
                    spacing: 8
                    RowLayout { spacing: 8; Icon { name: "boxes"; color: Theme.accent } TText { text: qsTr("Free cluster"); size: 15; strong: true } }
                    TText { quiet: true; Layout.fillWidth: true; text: Lab.freeOpen ? qsTr("The cluster, your terminals and files are as you left them.") : qsTr("Three nodes, no task. Try whatever you like: delete a manifest, stop a kubelet, flush iptables.") }
                    Item { Layout.fillHeight: true }
                    RowLayout {
                        TButton { text: Lab.freeOpen ? qsTr("Continue") : qsTr("Open"); iconName: "square-terminal"; onClicked: root.openFree(false) }
                        TButton { visible: Lab.freeOpen; kind: "quiet"; iconName: "rotate-ccw"; tip: qsTr("Start over"); onClicked: root.openFree(true) }
                    }
                }
            }
        }

        TText { text: qsTr("Your skills"); size: 15; strong: true; Layout.topMargin: 8 }
        Flow {
            Layout.fillWidth: true
            spacing: 24
            Repeater {
                model: Lab.skills
                Row {
                    id: skill
                    required property var modelData
                    spacing: 10
                    Ring { share: skill.modelData.score; size: 52; anchors.verticalCenter: parent.verticalCenter }
                    Column {
                        anchors.verticalCenter: parent.verticalCenter
                        TText { text: root.domainNames[skill.modelData.domain]; font.weight: Font.Medium; wrapMode: Text.NoWrap }
                        TText { quiet: true; size: 12; text: skill.modelData.total > 0 ? qsTr("%1 of %2 tasks").arg(skill.modelData.done).arg(skill.modelData.total) : qsTr("no tasks yet"); wrapMode: Text.NoWrap }
                    }
                }
            }
        }

        Repeater {
            model: [{ kind: "lesson", title: qsTr("Lessons") }, { kind: "drill", title: qsTr("Drills") }, { kind: "exam", title: qsTr("Exams") }]
            ColumnLayout {
                id: section
                required property var modelData
                Layout.fillWidth: true
                spacing: 12
                TText { text: section.modelData.title; size: 15; strong: true; Layout.topMargin: 8 }
                GridLayout {
                    Layout.fillWidth: true
                    columns: Math.max(1, Math.floor(page.width / (330 * Theme.scale)))
                    columnSpacing: 16
                    rowSpacing: 16
                    Repeater {
                        model: Lab.packs
                        Card {
                            id: card
                            required property string id
                            required property string title
                            required property string summary
                            required property string kind
                            required property int tasks
                            required property int done
                            required property real score
                            required property int minutes
                            required property var model
                            visible: kind === section.modelData.kind
                            label: title
                            Layout.fillWidth: true
                            Layout.fillHeight: true
                            Layout.maximumWidth: page.width
                            onPressed: root.open(id)
                            RowLayout {
                                width: parent.width
                                spacing: 14
                                ColumnLayout {
                                    Layout.fillWidth: true
                                    spacing: 4
                                    TText { text: card.title; strong: true; size: 15; Layout.fillWidth: true }
                                    TText { text: card.summary; quiet: true; Layout.fillWidth: true; maximumLineCount: 4; elide: Text.ElideRight }
                                    TText { quiet: true; size: 12; text: (card.kind === "lesson" ? qsTr("%n step(s)", "", card.tasks) : qsTr("%n task(s)", "", card.tasks)) + (card.minutes > 0 ? " · " + qsTr("%n minute(s)", "", card.minutes) : "") }
                                    RowLayout {
                                        visible: card.model.open
                                        spacing: 8
                                        Layout.topMargin: 4
                                        TButton { text: qsTr("Continue"); iconName: "play"; onClicked: root.open(card.id) }
                                        TButton { text: qsTr("Start over"); kind: "quiet"; iconName: "rotate-ccw"; onClicked: root.startOver(card.id) }
                                    }
                                }
                                Ring { share: card.score / 100; size: 44; Layout.alignment: Qt.AlignTop; color: card.score >= 99.9 ? Theme.ready : Theme.accent }
                            }
                        }
                    }
                }
            }
        }
    }
}
