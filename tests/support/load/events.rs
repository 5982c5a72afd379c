//! What the phones of a crowd report.

/// The namespace of ECMA-323 that most phones write.
const NS: &str = "http://www.ecma-international.org/standards/ecma-323/csta/ed3";

/// A call begins to ring at a phone. The caller's number is the call's.
#[must_use]
pub fn delivered(user: usize, call: usize) -> Vec<u8> {
    format!(
        "<DeliveredEvent xmlns=\"{NS}\"><monitorCrossRefID>{user}</monitorCrossRefID>\
         <connection><callID>{call}</callID><deviceID>{user}</deviceID></connection>\
         <alertingDevice><deviceIdentifier>{user}</deviceIdentifier></alertingDevice>\
         <callingDevice><deviceIdentifier>{call}</deviceIdentifier></callingDevice>\
         <calledDevice><deviceIdentifier>{user}</deviceIdentifier></calledDevice>\
         <lastRedirectionDevice><notRequired/></lastRedirectionDevice>\
         <localConnectionInfo>alerting</localConnectionInfo><cause>newCall</cause></DeliveredEvent>"
    )
    .into_bytes()
}

/// The call is over.
#[must_use]
pub fn cleared(user: usize, call: usize) -> Vec<u8> {
    format!(
        "<ConnectionClearedEvent xmlns=\"{NS}\"><monitorCrossRefID>{user}</monitorCrossRefID>\
         <droppedConnection><callID>{call}</callID><deviceID>{user}</deviceID></droppedConnection>\
         <releasingDevice><deviceIdentifier>{user}</deviceIdentifier></releasingDevice>\
         <localConnectionInfo>null</localConnectionInfo><cause>normalClearing</cause></ConnectionClearedEvent>"
    )
    .into_bytes()
}

/// Something that changes no call.
#[must_use]
pub fn do_not_disturb(user: usize) -> String {
    format!(
        "<DoNotDisturbEvent xmlns=\"{NS}\"><monitorCrossRefID>{user}</monitorCrossRefID>\
         <device><deviceIdentifier>{user}</deviceIdentifier></device>\
         <doNotDisturbOn>true</doNotDisturbOn></DoNotDisturbEvent>"
    )
}
