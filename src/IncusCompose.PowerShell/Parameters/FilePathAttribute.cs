using System.Collections;
using System.Management.Automation;

namespace IncusCompose.PowerShell.Parameters;

/// <summary>Takes paths of stack files: text or file objects. Numbers, times and the like are refused, where their text would be taken for a path.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class FilePathAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    /// <exception cref="ArgumentTransformationMetadataException">It is a value that is no path.</exception>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        var plain = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        var items = plain is IEnumerable list and not string ? list.Cast<object?>() : [plain];
        foreach (var item in items.Select(item => item is PSObject inner ? inner.BaseObject : item))
        {
            // PowerShell tries a stack or a plan here first, before the parameter that takes it: only values are nothing at all.
            if (item is ValueType)
            {
                throw new ArgumentTransformationMetadataException(
                    $"{item} ({item.GetType().Name}) is no stack file. Give the path of one, a file object (Get-ChildItem), what Import-IncusStack returns, or, to Invoke-IncusCompose, what Compare-IncusStack returns.");
            }
            if (item is StackSummary stack)
                throw new ArgumentTransformationMetadataException($"{stack.Name} is a stack on a server, and no file: Export-IncusStack writes its file.");
            if (item is IncusInstance instance)
                throw new ArgumentTransformationMetadataException($"{instance.Name} is an instance on a server, and no file: Export-IncusStack -Instance writes one for it.");
        }

        return inputData;
    }
}
