//! The scenarios that sipp plays.

/// A file of `fixtures/sip/`, and what must come of it.
pub(super) struct Scenario {
    pub(super) file: &'static str,
    pub(super) dial: Option<Dial>,
    /// The requests that the receiver gets, in this order and no others.
    pub(super) requests: &'static [&'static str],
    /// The root elements of all CSTA messages, the gateway's and the phone's.
    pub(super) elements: &'static [&'static str],
}

/// A command URL that is requested when the phone is ready, the status it must get, and a word that the answer must have.
pub(super) struct Dial {
    pub(super) number: &'static str,
    pub(super) status: u16,
    pub(super) says: &'static str,
}

pub(super) static INBOUND_CALL: Scenario = Scenario {
    file: "inbound_call.xml",
    dial: None,
    requests: &[
        "GET /inbound?direction=inbound&remote=%2B493012345678&name=J%C3%BCrgen%20%26%20S%C3%B6hne&hold=off_hold&result=",
        "GET /connected?direction=inbound&remote=%2B493012345678&name=J%C3%BCrgen%20%26%20S%C3%B6hne&hold=off_hold&result=",
        "GET /hold?direction=inbound&remote=%2B493012345678&name=J%C3%BCrgen%20%26%20S%C3%B6hne&hold=on_hold&result=",
        "GET /hold?direction=inbound&remote=%2B493012345678&name=J%C3%BCrgen%20%26%20S%C3%B6hne&hold=off_hold&result=",
        "GET /disconnected?direction=inbound&remote=%2B493012345678&name=J%C3%BCrgen%20%26%20S%C3%B6hne&hold=off_hold&result=answered",
    ],
    elements: &[
        "RequestSystemStatus",
        "RequestSystemStatusResponse",
        "MonitorStart",
        "MonitorStartResponse",
        "SnapshotDevice",
        "SnapshotDeviceResponse",
        "DeliveredEvent",
        "EstablishedEvent",
        "HeldEvent",
        "RetrievedEvent",
        "ConnectionClearedEvent",
        "MonitorStop",
        "MonitorStopResponse",
    ],
};

pub(super) static MAKE_CALL: Scenario = Scenario {
    file: "make_call.xml",
    dial: Some(Dial { number: "+493099887766", status: 200, says: "accepted" }),
    requests: &[
        "GET /outbound?direction=outbound&remote=%2B493099887766&name=&hold=off_hold&result=",
        "GET /connected?direction=outbound&remote=%2B493099887766&name=&hold=off_hold&result=",
        "GET /disconnected?direction=outbound&remote=%2B493099887766&name=&hold=off_hold&result=answered",
    ],
    elements: &[
        "RequestSystemStatus",
        "RequestSystemStatusResponse",
        "MonitorStart",
        "MonitorStartResponse",
        "SnapshotDevice",
        "SnapshotDeviceResponse",
        "MakeCall",
        "MakeCallResponse",
        "ServiceInitiatedEvent",
        "OriginatedEvent",
        "DeliveredEvent",
        "EstablishedEvent",
        "ConnectionClearedEvent",
        "MonitorStop",
        "MonitorStopResponse",
    ],
};

pub(super) static MAKE_CALL_REFUSED: Scenario = Scenario {
    file: "make_call_refused.xml",
    dial: Some(Dial { number: "+493099887766", status: 502, says: "invalidCalledDeviceID" }),
    requests: &[],
    elements: &[
        "RequestSystemStatus",
        "RequestSystemStatusResponse",
        "MonitorStart",
        "MonitorStartResponse",
        "SnapshotDevice",
        "SnapshotDeviceResponse",
        "MakeCall",
        "CSTAErrorCode",
        "MonitorStop",
        "MonitorStopResponse",
    ],
};
